//! Views with invented data: for pictures of the screens, and for their tests.

mod cartons;
mod custody;
mod printing;
mod rack;
mod scanner;
mod screens;

use cartons::{loading, packing, signing};
use screens::{
    approval, choice, counting, deliveries, delivery, enrol, handing_over, history, home,
    home_barred, home_counter, home_of_others, inspecting, locked, locked_offline, look_up,
    look_up_counter, nearby, nearby_code, picking, picking_here, putting_away, quantity, reasons,
    receiving, replenishing, settings, sign_in, stopped, sync, text_entry,
};

use crate::view::{
    Appearance, Camera, CameraHint, CodeKind, Connection, Feedback, HomeView, Language, Message,
    Outcome, Picture, Question, Screen, SyncChip, Theme, View, Warning,
};

/// Name, width, height: a handheld held upright, and a tablet lying.
pub const FORMS: [(&str, u32, u32); 2] = [("phone", 480, 800), ("tablet", 1280, 800)];

/// What a phone shows only after scrolling, and how high a phone would have to be.
const LONG: [(&str, u32); 5] = [
    ("sync", 2_200),
    ("nearby", 2_200),
    ("settings", 2_200),
    ("scanner-learnt", 1_100),
    ("gallery", 5_600),
];

/// A picture to take.
pub struct Shot {
    pub name: &'static str,
    pub language: Language,
    pub theme: Theme,
    pub form: &'static str,
    pub width: u32,
    pub height: u32,
    pub view: View,
}

impl Shot {
    pub fn file(&self) -> String {
        let (name, form) = (self.name, self.form);
        format!(
            "{name}-{}-{}-{form}.png",
            self.language.code(),
            self.theme.code()
        )
    }
}

/// Every sample in both languages and all looks, on each form; and the long ones whole.
pub fn shots() -> Vec<Shot> {
    let mut shots = Vec::new();
    for language in Language::ALL {
        for theme in Theme::ALL {
            for (name, view) in views(language, theme) {
                let long = LONG.iter().find(|(long, _)| *long == name);
                let forms = FORMS
                    .into_iter()
                    .chain(long.map(|(_, height)| ("long", 480, *height)));
                shots.extend(forms.map(|(form, width, height)| Shot {
                    name,
                    language,
                    theme,
                    form,
                    width,
                    height,
                    view: view.clone(),
                }));
            }
        }
    }
    shots
}

/// Every screen in its important states, by name.
pub fn views(language: Language, theme: Theme) -> Vec<(&'static str, View)> {
    let goods = Goods::of(language);
    let base = |screen| view(language, theme, &goods, screen);
    let mut views = vec![
        ("enrol", signed_out(base(enrol()))),
        ("sign-in", signed_out(base(sign_in(&goods, None)))),
        ("pin", signed_out(base(sign_in(&goods, Some("o2"))))),
        ("home", base(Screen::Home(home(&goods)))),
        ("task-scan", base(Screen::Task(receiving(&goods)))),
        ("task-quantity", base(Screen::Task(quantity(&goods)))),
        ("task-deliveries", base(Screen::Task(deliveries(&goods)))),
        ("task-delivery", base(Screen::Task(delivery(&goods)))),
        ("task-put-away", base(Screen::Task(putting_away(&goods)))),
        ("task-pick", base(Screen::Task(picking(&goods)))),
        ("task-pick-here", base(Screen::Task(picking_here(&goods)))),
        ("task-choice", base(Screen::Task(choice(&goods)))),
        ("home-take-over", base(Screen::Home(home_of_others(&goods)))),
        ("home-barred", base(Screen::Home(home_barred(&goods)))),
        ("home-counter", base(Screen::Home(home_counter(&goods)))),
        (
            "approval",
            base(approval(
                &goods,
                Message::new("needs-right")
                    .with(goods.operators[1])
                    .with("adjust"),
                None,
            )),
        ),
        (
            "approval-pin",
            base(approval(
                &goods,
                Message::new("over-receipt-beyond-tolerance")
                    .with("12")
                    .with("5"),
                Some("o1"),
            )),
        ),
        ("task-reason", base(Screen::Task(reasons(&goods)))),
        ("task-inspect", base(Screen::Task(inspecting(&goods)))),
        ("task-replenish", base(Screen::Task(replenishing(&goods)))),
        ("task-count", base(Screen::Task(counting(&goods)))),
        ("task-pack", base(Screen::Task(packing(&goods)))),
        ("task-load-cartons", base(Screen::Task(loading(&goods)))),
        ("task-hand-over", base(Screen::Task(handing_over(&goods)))),
        ("task-text", base(Screen::Task(text_entry(&goods)))),
        (
            "deposit-customer",
            base(Screen::Task(custody::finding(&goods))),
        ),
        (
            "deposit-forbidden",
            base(Screen::Task(custody::asking(&goods))),
        ),
        (
            "deposit-piece",
            base(Screen::Task(custody::placing(&goods))),
        ),
        (
            "deposit-ticket",
            base(Screen::Task(custody::complete(&goods))),
        ),
        ("release", base(Screen::Task(custody::releasing(&goods)))),
        (
            "release-overdue",
            base(Screen::Task(custody::overdue(&goods))),
        ),
        ("receipt", base(Screen::Receipt(custody::receipt()))),
        ("look-up", base(Screen::LookUp(look_up(&goods, false)))),
        (
            "look-up-detail",
            base(Screen::LookUp(look_up(&goods, true))),
        ),
        (
            "look-up-bin",
            base(Screen::LookUp(rack::look_up_bin(&goods))),
        ),
        (
            "look-up-counter",
            base(Screen::LookUp(look_up_counter(&goods))),
        ),
        ("history", base(Screen::History(history(&goods)))),
        ("sync", base(Screen::Sync(sync(&goods)))),
        ("nearby", base(Screen::Nearby(nearby()))),
        (
            "nearby-pair",
            base(Screen::Nearby(nearby_code(CodeKind::Pair))),
        ),
        (
            "nearby-parcel",
            base(Screen::Nearby(nearby_code(CodeKind::Parcel))),
        ),
        ("settings", base(Screen::Settings(settings()))),
        ("signing", base(Screen::Signing(signing(&goods)))),
        ("gallery", base(Screen::Gallery)),
        ("locked", signed_out(base(locked(goods.message)))),
        ("locked-offline", signed_out(base(locked_offline()))),
        ("stopped", signed_out(base(stopped()))),
    ];
    views.extend(printing::views(&goods, &base));
    views.extend(scanner::views(&base));
    views.extend(states(&goods, base));
    views
}

/// The same screens with something in front of them.
fn states(goods: &Goods, base: impl Fn(Screen) -> View) -> Vec<(&'static str, View)> {
    let mut accepted = base(Screen::Task(receiving(goods)));
    accepted.feedback = Some(feedback(
        Outcome::Accepted,
        Message::new("received")
            .with("12")
            .with(goods.bolt)
            .with("A-03-1"),
        "04006381333931",
    ));
    if let Some(told) = &mut accepted.feedback {
        let now = Message::new("there-now-as-of").with("1,240").with("A-03-1");
        told.now = Some(now.with("14:02"));
        told.also_read = 2;
    }
    let mut attention = base(Screen::Task(quantity(goods)));
    attention.feedback = Some(feedback(
        Outcome::Attention,
        Message::new("over-received").with("12"),
        "",
    ));
    let mut refused = base(Screen::Task(receiving(goods)));
    refused.feedback = Some(feedback(
        Outcome::Refused,
        Message::new("wrong-bin").with("A-03-2").with("A-03-1"),
        "A-03-2",
    ));
    let mut question = base(Screen::Task(quantity(goods)));
    question.question = Some(Question {
        message: Message::new("quantity-too-large-confirm").with("1 200"),
        yes: "confirm".into(),
        no: "cancel".into(),
    });
    let mut frozen = base(Screen::Task(quantity(goods)));
    frozen.question = Some(Question {
        message: Message::new("bin-frozen-by-count")
            .with("A-03-2")
            .with("PD-20261123-01"),
        yes: "confirm".into(),
        no: "cancel".into(),
    });
    let mut reading = base(Screen::Task(receiving(goods)));
    reading.question = Some(Question {
        message: Message::new("which-reading").with("(10)26B07215  (17)261231  (21)0004711"),
        yes: "yes".into(),
        no: "no".into(),
    });
    let warned = |view: View, code: &str, left: &str, grave| View {
        warning: Some(Warning {
            message: Message::new(code).with(left),
            grave,
        }),
        ..view
    };
    let drained = warned(
        base(Screen::Task(picking(goods))),
        "battery-low",
        "17",
        false,
    );
    let full = warned(
        base(Screen::Home(home(goods))),
        "storage-very-low",
        "84",
        true,
    );
    // As long as a message may be.
    let mut told = base(Screen::Task(receiving(goods)));
    let words = goods.message.chars().cycle();
    let words = words.take(documents::instructions::MESSAGE_CHARS_MAX);
    told.banner = Some(Message::new("from-supervisor").with(words.collect::<String>()));
    let mut banner = base(Screen::Home(HomeView {
        resumable: None,
        ..home(goods)
    }));
    banner.banner = Some(Message::new("recovered-session"));
    banner.practice = true;
    banner.chip = SyncChip {
        connection: Connection::Online,
        waiting: 0,
        data_age_seconds: Some(12),
    };
    let mut camera = base(Screen::Task(receiving(goods)));
    camera.camera = Camera::On;
    camera.chip.connection = Connection::Syncing;
    let mut left = base(Screen::Task(quantity(goods)));
    left.appearance.left_handed = true;
    left.appearance.text_percent = 130;
    left.chip.connection = Connection::StayOffline;
    let mut recalculated = base(Screen::LookUp(look_up(goods, true)));
    if let Screen::LookUp(look_up) = &mut recalculated.screen
        && let Some(detail) = &mut look_up.detail
    {
        detail.recalculating = true;
        for row in &mut detail.stock {
            row.recalculating = true;
        }
    }
    let mut stale_task = base(Screen::Task(choice(goods)));
    if let Screen::Task(task) = &mut stale_task.screen {
        task.recalculating = true;
    }
    let mut copied = base(Screen::Home(home(goods)));
    let name = Message::new("device-copied").with("HH-07 (2)");
    copied.feedback = Some(feedback(Outcome::Attention, name, ""));
    let mut moved = base(Screen::Home(home(goods)));
    let site = Message::new("site-moved").with("RTM-3");
    moved.feedback = Some(feedback(Outcome::Attention, site, ""));
    vec![
        ("recalculated", recalculated),
        ("task-recalculated", stale_task),
        ("device-copied", copied),
        ("site-moved", moved),
        ("accepted", accepted),
        ("attention", attention),
        ("refused", refused),
        ("question", question),
        ("frozen-bin", frozen),
        ("which-reading", reading),
        ("banner", banner),
        ("banner-message", told),
        ("battery-low", drained),
        ("storage-very-low", full),
        ("camera-dark", camera.clone()),
        ("camera-near", camera.clone()),
        ("camera", camera),
        ("left-handed-large", left),
    ]
}

/// Names in the language of the screen, as a site there would have them.
struct Goods {
    site: &'static str,
    operators: [&'static str; 4],
    bolt: &'static str,
    oil: &'static str,
    glove: &'static str,
    case: &'static str,
    backpack: &'static str,
    supplier: &'static str,
    message: &'static str,
    piece: &'static str,
    litre: &'static str,
}

impl Goods {
    fn of(language: Language) -> Self {
        match language {
            Language::English => Self {
                site: "Hall 3, Rotterdam",
                operators: [
                    "Ana Kovač",
                    "Chen Wei",
                    "Farid Haddad",
                    "Maria van der Westhuizen",
                ],
                bolt: "Hex bolt M8 × 40, zinc plated",
                oil: "Hydraulic oil HLP 46",
                glove: "Cut-resistant gloves, size 9, left and right, pack of twelve pairs",
                case: "Suitcase, large",
                backpack: "Backpack",
                supplier: "Northern Fasteners",
                message: "The lift in aisle B is out of order until three. Please count aisle A first. ",
                piece: "pcs",
                litre: "l",
            },
            Language::Chinese => Self {
                site: "苏州三号库",
                operators: ["王喆", "陈伟", "李堃", "欧阳明月"],
                bolt: "六角螺栓 M8×40 镀锌",
                oil: "抗磨液压油 HLP 46",
                glove: "防割手套 9 号 左右手成对 十二双装 耐磨防滑加长款",
                case: "行李箱（大）",
                backpack: "双肩包",
                supplier: "北方紧固件有限公司",
                message: "B 巷道的升降机三点前停用，请先盘点 A 区，盘完再去收货区帮忙。",
                piece: "件",
                litre: "升",
            },
        }
    }
}

fn view(language: Language, theme: Theme, goods: &Goods, screen: Screen) -> View {
    View {
        screen,
        chip: SyncChip {
            connection: Connection::Offline,
            waiting: 12,
            data_age_seconds: Some(42 * 60),
        },
        operator: Some(goods.operators[1].into()),
        feedback: None,
        banner: None,
        warning: None,
        question: None,
        appearance: Appearance {
            language,
            pinyin: language == Language::Chinese,
            theme,
            ..Appearance::default()
        },
        camera: Camera::Off,
        practice: false,
        printing: Default::default(),
    }
}

fn signed_out(mut view: View) -> View {
    view.operator = None;
    view
}

fn feedback(outcome: Outcome, message: Message, raw_code: &str) -> Feedback {
    Feedback {
        outcome,
        message,
        raw_code: raw_code.into(),
        now: None,
        also_read: 0,
        number: 1,
    }
}

/// What would help the camera of a sample; it is not part of the view.
pub fn hint(name: &str) -> Option<CameraHint> {
    match name {
        "camera-dark" => Some(CameraHint::Dark),
        "camera-near" => Some(CameraHint::Near),
        _ => None,
    }
}

/// A camera picture with bars, so that a preview can be told from an empty one.
pub fn picture() -> Picture {
    let (width, height) = (320, 240);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for at in 0..width * height {
        let (x, y) = (at % width, at / width);
        let label = (60..260).contains(&x) && (80..160).contains(&y);
        let bar = label && (x * 7 / 5) % 9 < 4 && (75..245).contains(&x) && (90..150).contains(&y);
        let grey = if bar {
            20
        } else if label {
            245
        } else {
            90 + (y / 4) as u8
        };
        rgb.extend([grey, grey, (grey / 8) * 7]);
    }
    Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    }
}
