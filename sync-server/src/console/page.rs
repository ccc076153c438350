//! What every page needs: words, who is signed in, times in the site's time zone.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use chrono::DateTime;
use chrono_tz::Tz;
use domain::{Quantity, UnixMillis};

use crate::auth::visitor::Theme;
use crate::auth::{Right, Visitor};
use crate::console::assets;
use crate::console::by_value::ByValue;
use crate::console::view::{
    AGE_BANDS, AsOf, DeviceView, EventView, ExceptionView, GroupView, Named, Need, PlanCell,
    PreviewLine, Silent, SubjectView,
};
use crate::console::words;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;
use crate::store::accounts::{Role, User};

/// Handed to every template as `page`.
pub struct Page {
    /// The language it is written in.
    pub lang: Lang,
    /// The look.
    pub theme: Theme,
    /// Path and query, to come back to.
    pub here: String,
    /// The token that its forms carry.
    pub csrf: String,
    /// Who is signed in.
    pub user: Option<User>,
    /// Which entry of the menu it belongs to.
    pub nav: &'static str,
    /// Its title, in words.
    pub title: String,
    /// What was just done, in words.
    pub done: Option<String>,
    /// How many exceptions wait.
    pub open: u64,
    /// How many deposits wait for a decision.
    pub custody: u64,
    /// Times are shown in this zone.
    pub zone: Tz,
    /// Unix milliseconds.
    pub now: UnixMillis,
}

impl Page {
    /// A page for somebody who is signed in.
    ///
    /// # Errors
    /// Those of the data.
    pub async fn new(
        app: &AppState,
        visitor: &Visitor,
        nav: &'static str,
        title: &str,
    ) -> Result<Self, AppError> {
        let now = app.now();
        let mut page = Self::plain(app, visitor, title);
        let sees_custody = page.can("custody.see");
        let (open, custody, zone) = app
            .data(move |data| {
                let custody = match sees_custody {
                    true => data.custody_waiting(now)?,
                    false => 0,
                };
                Ok((data.open_count(now)?, custody, data.zone()?))
            })
            .await?;
        page.custody = custody;
        page.nav = nav;
        page.open = open;
        page.zone = zone;
        Ok(page)
    }

    /// A page outside the menu: sign-in and the like.
    pub fn plain(app: &AppState, visitor: &Visitor, title: &str) -> Self {
        Self {
            lang: visitor.lang,
            theme: visitor.theme,
            here: visitor.here.clone(),
            csrf: visitor.token.csrf(),
            user: visitor.user.clone(),
            nav: "",
            title: visitor.lang.t(title).to_owned(),
            done: done(visitor),
            open: 0,
            custody: 0,
            zone: Tz::UTC,
            now: app.now(),
        }
    }

    /// The words for a key.
    pub fn t<'k>(&self, key: &'k str) -> &'k str {
        self.lang.t(key)
    }

    /// The words for a key made of two parts.
    pub fn tt(&self, prefix: &str, code: &str) -> String {
        self.lang.t(&format!("{prefix}.{code}")).to_owned()
    }

    /// The words for a value of a device's setting.
    pub fn setting_value(&self, name: &str, value: &str) -> String {
        match (name, value) {
            ("volume" | "text-size", percent) => format!("{percent} %"),
            ("idle-minutes", "0") => self.t("setting-value.never").to_owned(),
            ("idle-minutes", minutes) => self.f1("setting-value.minutes", "n", minutes),
            _ => self.tt("setting-value", value),
        }
    }

    /// The words for a key with one blank.
    pub fn f1(&self, key: &str, name: &str, value: impl AsRef<str>) -> String {
        self.lang.fill(key, &[(name, value.as_ref())])
    }

    /// Words with two blanks.
    pub fn f2(
        &self,
        key: &str,
        name: &str,
        value: impl AsRef<str>,
        second: &str,
        value2: impl AsRef<str>,
    ) -> String {
        let blanks = [(name, value.as_ref()), (second, value2.as_ref())];
        self.lang.fill(key, &blanks)
    }

    /// Of which instant, and of whose knowledge, a page of stock tells.
    pub fn as_of(&self, as_of: &AsOf) -> String {
        let time = self.moment(&as_of.at);
        let name = as_of.device.name(self.lang);
        let words = match as_of.heard {
            _ if as_of.device.id.is_empty() => return self.f1("stock.as-of-past", "time", time),
            Some(heard) => {
                let heard = self.exact(heard);
                let blanks = [("device", name), ("time", &time), ("sync", &heard)];
                self.lang.fill("stock.as-of-device", &blanks)
            }
            None => {
                let blanks = [("device", name), ("time", time.as_str())];
                self.lang.fill("stock.as-of-device-unheard", &blanks)
            }
        };
        format!("{words} {}", self.t("stock.as-of-neighbours"))
    }

    /// An instant in words; `None` is now.
    pub fn moment(&self, at: &Option<UnixMillis>) -> String {
        at.map_or_else(|| self.t("stock.moment-now").to_owned(), |at| self.time(at))
    }

    /// Now, as a field for day and minute wants it.
    pub fn local_minute(&self) -> String {
        self.format(self.now, "%Y-%m-%dT%H:%M")
    }

    /// A quantity of whatever there is, in groups of three digits.
    pub fn amount(&self, quantity: impl ByValue<Quantity>) -> String {
        words::grouped(&quantity.value().to_string())
    }

    /// First and last day of a period.
    pub fn period(&self, days: &(String, String)) -> String {
        self.lang
            .fill("dash.from-to", &[("from", &days.0), ("to", &days.1)])
    }

    /// The key of the words for a figure of the period before.
    pub fn before_key(&self, name: &str) -> &'static str {
        match name {
            "on-hand" => "dash.at-start",
            "overdue" => "dash.of-open",
            _ => "dash.before-value",
        }
    }

    /// A length in a picture.
    pub fn px(&self, length: impl ByValue<f64>) -> String {
        format!("{:.1}", length.value())
    }

    /// What a cell of the plan stands for.
    pub fn cell(&self, cell: &PlanCell) -> String {
        let bins = format!("{}/{}", cell.used, cell.bins);
        let (piles, picks) = (cell.piles.to_string(), cell.picks.to_string());
        let fill = cell
            .fill
            .map_or_else(|| "—".to_owned(), |fill| format!("{fill} %"));
        let moved = cell.moved.map(|at| self.time(at)).unwrap_or_default();
        let overdue = cell.overdue.to_string();
        let blanks = [
            ("code", cell.code.as_str()),
            ("bins", &bins),
            ("piles", &piles),
            ("fill", &fill),
            ("picks", &picks),
            ("moved", &moved),
            ("overdue", &overdue),
        ];
        let key = match (cell.bins, cell.moved) {
            _ if cell.overdue > 0 => "plan.cell-overdue",
            (2.., _) => "plan.cell-row",
            (_, Some(_)) => "plan.cell-moved",
            _ => "plan.cell",
        };
        self.lang.fill(key, &blanks)
    }

    /// What a band of stock age is called.
    pub fn band(&self, index: impl ByValue<usize>) -> String {
        match AGE_BANDS.get(index.value()) {
            Some(edge) => self.f1("stock.age-up-to", "n", edge.to_string()),
            None => self.f1("stock.age-beyond", "n", "365"),
        }
    }

    /// The address of an asset.
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// Whether the user's role has the right with this code; see [`crate::auth::rights`].
    pub fn can(&self, right: &str) -> bool {
        let right = Right::from_code(right);
        let user = self.user.as_ref();
        right.is_some_and(|right| user.is_some_and(|user| user.rights.has(right)))
    }

    /// Whether anything can be done with devices.
    pub fn can_act_on_devices(&self) -> bool {
        let acts = ["tell", "lock", "set-up", "revoke", "move"];
        acts.iter().any(|act| self.can(&format!("devices.{act}")))
    }

    /// Whether an entry of the menu leads anywhere for this user.
    pub fn shows(&self, nav: &str) -> bool {
        let right = match nav {
            "review" => "review.see",
            "stock" => "stock.see",
            "dashboards" => "dashboards.see",
            "stocktakes" => "stocktakes.see",
            "custody" => "custody.see",
            "feed" => "events.see",
            "devices" => "devices.see",
            "data" => "data.see",
            "people" => "people.see",
            _ => return true,
        };
        self.can(right)
    }

    /// The same for what is of no site.
    pub fn can_everywhere(&self, right: &str) -> bool {
        let user = self.user.as_ref();
        self.can(right) && user.is_some_and(|user| user.scope.is_everywhere())
    }

    /// Whether the user has this role or a higher one.
    pub fn may(&self, role: &str) -> bool {
        let needed = Role::from_code(role).unwrap_or(Role::Admin);
        self.user.as_ref().is_some_and(|user| user.role >= needed)
    }

    /// Day and minute at the site.
    pub fn time(&self, at: impl ByValue<UnixMillis>) -> String {
        self.format(at.value(), "%Y-%m-%d %H:%M")
    }

    /// Day at the site.
    pub fn day(&self, at: impl ByValue<UnixMillis>) -> String {
        self.format(at.value(), "%Y-%m-%d")
    }

    /// Day, minute and second at the site.
    pub fn exact(&self, at: impl ByValue<UnixMillis>) -> String {
        self.format(at.value(), "%Y-%m-%d %H:%M:%S")
    }

    /// For the `datetime` attribute.
    pub fn iso(&self, at: impl ByValue<UnixMillis>) -> String {
        self.format(at.value(), "%Y-%m-%dT%H:%M:%S%:z")
    }

    fn format(&self, at: UnixMillis, pattern: &str) -> String {
        DateTime::from_timestamp_millis(at)
            .map(|t| t.with_timezone(&self.zone).format(pattern).to_string())
            .unwrap_or_default()
    }

    /// How long ago, in the largest unit that fits.
    pub fn ago(&self, at: impl ByValue<UnixMillis>) -> String {
        words::ago(self.lang, self.now - at.value())
    }

    /// A length of time.
    pub fn span(&self, millis: impl ByValue<i64>) -> String {
        words::span(self.lang, millis.value())
    }

    /// A clock's offset, in words.
    pub fn offset(&self, offset_ms: impl ByValue<i64>) -> String {
        words::offset(self.lang, offset_ms.value())
    }

    /// What of a device somebody should look after.
    pub fn needs(&self, view: &DeviceView) -> Vec<Need> {
        view.needs(self.now)
    }

    /// An amount of data, in the largest unit of ten to the three that fits.
    pub fn bytes(&self, bytes: impl ByValue<u64>) -> String {
        words::bytes(bytes.value())
    }

    /// What happened, in one sentence.
    pub fn says(&self, event: &EventView) -> String {
        words::event(self.lang, event)
    }

    /// What an exception is about.
    pub fn subject(&self, subject: &SubjectView) -> String {
        words::subject(self.lang, subject)
    }

    /// What an exception does to the stock.
    pub fn effect(&self, exception: &ExceptionView) -> String {
        words::effect(self.lang, exception)
    }

    /// What an event does to the stock.
    pub fn changes(&self, event: &EventView) -> String {
        words::changes(self.lang, event)
    }

    /// The pile that a decision would change.
    pub fn preview_what(&self, line: &PreviewLine) -> String {
        words::preview_what(self.lang, line)
    }

    /// What is in it now and what would be.
    pub fn preview_amount(&self, line: &PreviewLine) -> String {
        words::preview_amount(self.lang, line)
    }

    /// What several exceptions have in common.
    pub fn cause(&self, group: &GroupView) -> String {
        let arrived = group.arrived.map(|at| self.time(at)).unwrap_or_default();
        self.lang.fill(
            &format!("cause.{}", group.code),
            &[("what", &group.about), ("at", &arrived)],
        )
    }

    /// Which device may explain an exception, and since when nothing was heard of it.
    pub fn silent(&self, silent: &Silent) -> String {
        let since = silent.since.map(|at| self.ago(at)).unwrap_or_default();
        let args = [("device", silent.device.name(self.lang)), ("span", &since)];
        self.lang.fill("waiting.for", &args)
    }

    /// Whether this is the operator id of the person who looks.
    pub fn is_me(&self, operator: impl AsRef<str>) -> bool {
        let me = self.user.as_ref().map(|user| user.operator.to_string());
        me.as_deref() == Some(operator.as_ref())
    }

    /// What one piece of evidence is called.
    pub fn side_label(&self, exception: &ExceptionView, index: impl ByValue<usize>) -> String {
        words::side_label(self.lang, exception, index.value())
    }

    /// What a decision chose.
    pub fn choice(&self, event: &EventView) -> String {
        let code = event.reason.as_deref().unwrap_or_default();
        let found = self.lang.find(&format!("choice.{code}"));
        found.unwrap_or(code).to_owned()
    }

    /// Name and code of an item.
    pub fn item_words(&self, item: &Named) -> String {
        words::item(self.lang, item)
    }

    /// What a field is called.
    pub fn field(&self, path: &str) -> String {
        words::field(self.lang, path)
    }

    /// A class of items; the empty one is all others.
    pub fn class_words(&self, class: &str) -> String {
        match class {
            "" => self.t("stocktake.no-class").to_owned(),
            class => class.to_owned(),
        }
    }

    /// A base unit.
    pub fn unit_word(&self, base_unit: &str) -> String {
        let found = self.lang.find(&format!("unit.{base_unit}"));
        found.unwrap_or(base_unit).to_owned()
    }

    /// A quantity with its unit of measure.
    pub fn quantity(&self, quantity: impl ByValue<Quantity>, base_unit: impl AsRef<str>) -> String {
        words::quantity(self.lang, quantity.value(), base_unit.as_ref())
    }
}

/// The words for what was just done: the address says which (`?done=resolved`).
fn done(visitor: &Visitor) -> Option<String> {
    let query = visitor.here.split_once('?')?.1;
    let code = query.split('&').find_map(|p| p.strip_prefix("done="))?;
    visitor
        .lang
        .find(&format!("done.{code}"))
        .map(str::to_owned)
}

/// Renders a template as an HTML answer.
///
/// # Errors
/// Those of the template.
pub fn render(template: &impl Template) -> Result<Response, AppError> {
    Ok(Html(template.render()?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_site() {
        let page = Page {
            lang: Lang::En,
            theme: Theme::Auto,
            here: String::new(),
            csrf: String::new(),
            user: None,
            nav: "",
            title: String::new(),
            done: None,
            open: 0,
            custody: 0,
            zone: chrono_tz::Asia::Shanghai,
            now: 0,
        };
        assert_eq!(page.time(0), "1970-01-01 08:00");
        assert_eq!(page.iso(0), "1970-01-01T08:00:00+08:00");
    }
}
