use super::*;
use crate::status::fence_text;

fn job(language: Language, back_channel: BackChannel, labels: usize) -> PrintJob {
    let labels = (1..=labels).map(|n| {
        (
            LabelId(format!("id-{n}")),
            format!("BIN {n}"),
            format!("<{n}>").into_bytes(),
        )
    });
    PrintJob::new(language, back_channel, labels)
}

fn progress(job: &PrintJob) -> Vec<Progress> {
    job.labels().iter().map(|label| label.progress).collect()
}

/// What the job wants to send, as text.
fn sending(job: &PrintJob) -> String {
    match job.step() {
        Step::Send(bytes) => bytes.escape_ascii().to_string(),
        other => panic!("{other:?} instead of sending"),
    }
}

fn heard(job: &mut PrintJob, bytes: &[u8]) -> Keep {
    assert!(matches!(job.step(), Step::Read { .. }), "{:?}", job.step());
    job.handle(Event::Received(bytes.to_vec()))
}

fn zpl_answer(paper_out: u8, formats: u8) -> Vec<u8> {
    format!(
        "\u{2}030,{paper_out},0,1245,{formats:03},0,0,0,000,0,0,0\u{3}\r\n\
         \u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n"
    )
    .into_bytes()
}

/// A job whose first label has been sent, and with it the question.
fn with_first_label_sent(language: Language, back_channel: BackChannel) -> PrintJob {
    let mut job = job(language, back_channel, 2);
    let _ = job.handle(Event::Connected);
    let _ = job.handle(Event::Sent);
    let ready: &[u8] = match language {
        Language::Zpl => &zpl_answer(0, 0),
        Language::Tspl => &[fence_text(1), vec![0]].concat(),
        Language::EscPos => &[0, 0x12, 0x12, 0x12],
        Language::Cpcl => &[0],
    };
    let mut keep = heard(&mut job, ready);
    while keep == Keep::AsStored {
        let _ = job.handle(Event::Rested);
        let _ = job.handle(Event::Sent);
        keep = heard(&mut job, ready);
    }
    assert!(sending(&job).starts_with("<1>"), "{}", sending(&job));
    assert_eq!(progress(&job), [Progress::Sent, Progress::Waiting]);
    let _ = job.handle(Event::Sent);
    job
}

#[test]
fn a_label_is_out_when_the_printer_has_nothing_left_to_do() {
    let mut job = with_first_label_sent(Language::Zpl, BackChannel::Status);
    assert_eq!(heard(&mut job, &zpl_answer(0, 1)), Keep::AsStored);
    assert_eq!(
        job.step(),
        Step::Rest {
            ms: POLL_MS,
            need: None
        }
    );
    let _ = job.handle(Event::Rested);
    assert_eq!(sending(&job), "~HS");
    let _ = job.handle(Event::Sent);
    assert_eq!(heard(&mut job, &zpl_answer(0, 0)), Keep::Store);
    assert_eq!(progress(&job), [Progress::Out, Progress::Sent]);
    assert!(sending(&job).starts_with("<2>"));
}

#[test]
fn ready_before_the_fence_proves_nothing() {
    let mut job = with_first_label_sent(Language::Tspl, BackChannel::Fence);
    for late in [&[0][..], &[&fence_text(1)[..], b"\r\n\0"].concat()] {
        assert_eq!(heard(&mut job, late), Keep::AsStored);
        let _ = job.handle(Event::Rested);
        let _ = job.handle(Event::Sent);
    }
    assert_eq!(progress(&job)[0], Progress::Sent);
    assert_eq!(
        heard(&mut job, &[&fence_text(2)[..], b"\r\n\0"].concat()),
        Keep::Store
    );
    assert_eq!(progress(&job)[0], Progress::Out);
}

#[test]
fn what_trouble_may_have_spoiled_is_asked_about_once_the_printer_is_ready() {
    let mut job = with_first_label_sent(Language::Zpl, BackChannel::Status);
    let _ = heard(&mut job, &zpl_answer(1, 1));
    let need = Some(Need::Paper);
    assert_eq!(job.step(), Step::Rest { ms: REST_MS, need });
    let _ = job.handle(Event::Rested);
    let _ = job.handle(Event::Sent);
    let _ = heard(&mut job, &zpl_answer(0, 0));
    let question = Question::CameOut { label: 0 };
    assert_eq!(job.step(), Step::Ask(question.clone()));
    let other = Question::CameOut { label: 1 };
    assert_eq!(
        job.handle(Event::Answered(other, Answer::Yes)),
        Keep::AsStored
    );
    assert_eq!(
        job.handle(Event::Answered(question, Answer::No)),
        Keep::Store
    );
    assert_eq!(progress(&job), [Progress::Waiting, Progress::Waiting]);
}

#[test]
fn after_a_crash_the_store_says_what_is_out_in_doubt_and_unsent() {
    let mut job = with_first_label_sent(Language::Zpl, BackChannel::Status);
    let _ = heard(&mut job, &zpl_answer(0, 0));
    let stored = serde_json::to_string(&job).unwrap();
    let mut job: PrintJob = serde_json::from_str(&stored).unwrap();
    assert_eq!(progress(&job), [Progress::Out, Progress::Sent]);
    assert_eq!(job.step(), Step::Connect);
    let _ = job.handle(Event::Connected);
    assert_eq!(sending(&job), "~JX~JX");
    let _ = job.handle(Event::Sent);
    let _ = job.handle(Event::Sent);
    let _ = heard(&mut job, &zpl_answer(0, 0));
    let question = Question::CameOut { label: 1 };
    assert_eq!(job.step(), Step::Ask(question.clone()));
    let _ = job.handle(Event::Answered(question, Answer::Yes));
    assert_eq!(job.step(), Step::Done);
}

#[test]
fn a_printer_that_says_nothing_is_asked_about_in_one_go() {
    let mut job = job(Language::Cpcl, BackChannel::None, 12);
    let _ = job.handle(Event::Connected);
    for n in 1..=10 {
        assert_eq!(sending(&job), format!("<{n}>"));
        let _ = job.handle(Event::Sent);
    }
    let all = Question::AllCameOut {
        labels: (0..10).collect(),
    };
    assert_eq!(job.step(), Step::Ask(all.clone()));
    let _ = job.handle(Event::Answered(all.clone(), Answer::Look));
    assert_eq!(job.step(), Step::Ask(all.clone()));
    let _ = job.handle(Event::Answered(all, Answer::Yes));
    for n in 11..=12 {
        assert_eq!(sending(&job), format!("<{n}>"));
        let _ = job.handle(Event::Sent);
    }
    let rest = Question::AllCameOut {
        labels: vec![10, 11],
    };
    let _ = job.handle(Event::Answered(rest, Answer::No));
    for (label, answer) in [(10, Answer::No), (11, Answer::Yes)] {
        // After each "no" it connects anew: what it sent may have gone nowhere.
        let _ = job.handle(Event::Connected);
        assert!(sending(&job).ends_with("ABORT\\r\\n"));
        let _ = job.handle(Event::Sent);
        let question = Question::CameOut { label };
        assert_eq!(job.step(), Step::Ask(question.clone()));
        let _ = job.handle(Event::Answered(question, answer));
    }
    assert_eq!(sending(&job), "<11>");
}

#[test]
fn no_label_is_sent_while_an_answer_is_due() {
    let mut job = with_first_label_sent(Language::Zpl, BackChannel::Status);
    let _ = job.handle(Event::Silence);
    let _ = job.handle(Event::Rested);
    let _ = job.handle(Event::Sent);
    let _ = heard(&mut job, &zpl_answer(0, 0));
    let question = Question::CameOut { label: 0 };
    let _ = job.handle(Event::Answered(question, Answer::Yes));
    let _ = job.handle(Event::Sent);
    // Two answers are due, and this is the first.
    let _ = heard(&mut job, &zpl_answer(0, 0));
    assert_eq!(job.step(), Step::Connect);
    assert_eq!(progress(&job), [Progress::Out, Progress::Waiting]);
}

#[test]
fn a_printer_that_never_answers_gets_no_label_until_a_person_says_so() {
    let mut job = job(Language::Tspl, BackChannel::Fence, 1);
    for _ in 0..5 {
        let _ = job.handle(Event::Connected);
        let _ = job.handle(Event::Sent);
        let _ = job.handle(Event::Silence);
        let need = Some(Need::MakeAnswer);
        assert_eq!(job.step(), Step::Rest { ms: RETRY_MS, need });
        let _ = job.handle(Event::Rested);
    }
    assert_eq!(job.without_answers(), Keep::Store);
    let _ = job.handle(Event::Connected);
    assert_eq!(sending(&job), "<1>");
}

#[test]
fn a_printer_without_fences_is_found_out_and_labels_seen_at_work_are_out() {
    let mut job = job(Language::Tspl, BackChannel::Fence, 1);
    let _ = job.handle(Event::Connected);
    let _ = job.handle(Event::Sent);
    while job.back_channel() == BackChannel::Fence {
        let _ = heard(&mut job, &[0]);
        if matches!(job.step(), Step::Rest { .. }) {
            let _ = job.handle(Event::Rested);
            let _ = job.handle(Event::Sent);
        }
    }
    assert_eq!(sending(&job), "<1>\\x1b!?");
    let _ = job.handle(Event::Sent);
    for status in [0, 0x20, 0] {
        assert_eq!(progress(&job), [Progress::Sent]);
        let _ = heard(&mut job, &[status]);
        let _ = job.handle(Event::Rested);
        let _ = job.handle(Event::Sent);
    }
    assert_eq!(progress(&job), [Progress::Out]);
}

#[test]
fn a_stopped_job_settles_what_is_under_way() {
    let mut job = with_first_label_sent(Language::Zpl, BackChannel::Status);
    assert_eq!(job.stop(), Keep::Store);
    assert_eq!(progress(&job), [Progress::Sent, Progress::Dropped]);
    let _ = heard(&mut job, &zpl_answer(0, 0));
    assert_eq!(progress(&job), [Progress::Out, Progress::Dropped]);
    assert_eq!(job.step(), Step::Done);
}

#[test]
fn codes_are_all_different() {
    let codes = (Progress::ALL.map(Progress::code).into_iter())
        .chain(Answer::ALL.map(Answer::code))
        .chain(Need::ALL.map(Need::code))
        .chain(BackChannel::ALL.map(BackChannel::code))
        .chain(Question::CODES);
    let codes: Vec<&str> = codes.collect();
    let different: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!(different.len(), codes.len());
}

#[test]
fn copies_are_stored_as_one() {
    let copies = |count: usize| {
        let label = |n: usize| (LabelId(n.to_string()), String::new(), vec![0xab; 10_000]);
        let job = PrintJob::new(Language::Zpl, BackChannel::Fence, (0..count).map(label));
        serde_json::to_string(&job).unwrap()
    };
    assert!(copies(99).len() < copies(1).len() + 99 * 100);
    let mut job: PrintJob = serde_json::from_str(&copies(99)).unwrap();
    let _ = job.handle(Event::Connected);
    let _ = job.handle(Event::Sent);
    let _ = heard(&mut job, &zpl_answer(0, 0));
    assert!(sending(&job).starts_with(r"\xab\xab"));
    assert_eq!(job.labels().len(), 99);
}
