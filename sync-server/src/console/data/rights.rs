//! What people may do on handhelds: grants in their records.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, TimeZone};
use chrono_tz::Tz;
use documents::catalogue::Operator;
use domain::rights::{Action, Grant, Limits};
use domain::{OperatorId, Quantity, SiteId, UnixMillis};
use replica::Commit;

use super::ConsoleData;
use super::names::called;
use super::resolve::operator_record;
use crate::console::view::{GrantView, RightsView};
use crate::error::AppError;

const POSTS: &str = include_str!("../../../posts.txt");
/// More is a slip of the keyboard.
const PERCENT_MAX: u32 = 1_000;

/// Posts that fill the form in, in the order of their file.
///
/// # Errors
/// [`AppError::Internal`]: the file that the program was built with is wrong.
pub fn posts() -> Result<Vec<Grant>, AppError> {
    let lines = POSTS.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, grant) = line.split_once(' ').unwrap_or((line, ""));
            let grant: Grant = grant.parse().map_err(AppError::internal)?;
            Ok(Grant {
                post: name.to_owned(),
                ..grant
            })
        })
        .collect()
}

/// A grant as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedGrant {
    /// Code of the post; empty for none.
    pub post: String,
    /// Codes of actions.
    pub actions: BTreeSet<String>,
    /// Only at `sites`.
    pub somewhere: bool,
    /// Ids.
    pub sites: BTreeSet<String>,
    /// Base units.
    pub adjust: String,
    /// Percent, as the others below.
    pub adjust_percent: String,
    /// See [`Limits::count_percent`].
    pub count_percent: String,
    /// See [`Limits::over_receipt_percent`].
    pub over_receipt_percent: String,
    /// Whether they may approve what others do.
    pub may_approve: bool,
    /// The last day, as year-month-day; empty for no end.
    pub until: String,
}

impl TypedGrant {
    /// Whether the action with this code is among them.
    pub fn allows(&self, code: &str) -> bool {
        self.actions.contains(code)
    }

    /// Whether the site with this id is among them.
    pub fn names_site(&self, id: &str) -> bool {
        self.sites.contains(id)
    }

    /// From the fields of a form; those that it does not know are left out.
    pub fn from_fields(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            let value = value.trim().to_owned();
            match name.as_str() {
                "post" => typed.post = value,
                "action" => {
                    typed.actions.insert(value);
                }
                "scope" => typed.somewhere = value == "some",
                "site" => {
                    typed.sites.insert(value);
                }
                "adjust" => typed.adjust = value,
                "adjust_percent" => typed.adjust_percent = value,
                "count_percent" => typed.count_percent = value,
                "over_receipt_percent" => typed.over_receipt_percent = value,
                "may_approve" => typed.may_approve = true,
                "until" => typed.until = value,
                _ => {}
            }
        }
        typed
    }

    /// As somebody would type it.
    pub fn of(grant: &Grant, zone: Tz) -> Self {
        let shown = |percent: Option<u32>| percent.map(|p| p.to_string()).unwrap_or_default();
        let Limits {
            adjust,
            adjust_percent,
            count_percent,
            over_receipt_percent,
        } = grant.limits;
        Self {
            post: grant.post.clone(),
            actions: grant.actions.iter().map(|a| a.code().to_owned()).collect(),
            somewhere: grant.sites.is_some(),
            sites: grant
                .sites
                .iter()
                .flatten()
                .map(ToString::to_string)
                .collect(),
            adjust: adjust.map(|q| q.to_string()).unwrap_or_default(),
            adjust_percent: shown(adjust_percent),
            count_percent: shown(count_percent),
            over_receipt_percent: shown(over_receipt_percent),
            may_approve: grant.may_approve,
            until: grant
                .until
                .and_then(|until| zone.timestamp_millis_opt(until - 1).single())
                .map(|last| last.format("%Y-%m-%d").to_string())
                .unwrap_or_default(),
        }
    }

    /// What a post grants, at the same sites and until the same day.
    #[must_use]
    pub fn filled_in(self, post: &Grant, zone: Tz) -> Self {
        Self {
            somewhere: self.somewhere,
            sites: self.sites,
            until: self.until,
            ..Self::of(post, zone)
        }
    }

    /// What it grants. Days end in `zone`. The error is the key of the words for what is wrong.
    ///
    /// # Errors
    /// A key.
    pub fn grant(&self, zone: Tz, now: UnixMillis) -> Result<Grant, &'static str> {
        let percent = |typed: &str| match typed {
            "" => Ok(None),
            typed => match typed.parse() {
                Ok(percent) if percent <= PERCENT_MAX => Ok(Some(percent)),
                _ => Err("rights.bad-percent"),
            },
        };
        let adjust = match self.adjust.as_str() {
            "" => None,
            typed => match Quantity::parse(typed) {
                Ok(most) if most >= Quantity::ZERO => Some(most),
                _ => return Err("rights.bad-quantity"),
            },
        };
        let sites: BTreeSet<SiteId> = self.sites.iter().filter_map(|id| id.parse().ok()).collect();
        if self.somewhere && sites.is_empty() {
            return Err("rights.no-site");
        }
        let until = match self.until.as_str() {
            "" => None,
            typed => Some(end_of_day(typed, zone).ok_or("rights.bad-until")?),
        };
        if until.is_some_and(|until| until <= now) {
            return Err("rights.bad-until");
        }
        let actions = self.actions.iter();
        let is_code = !self.post.is_empty() && self.post.chars().all(|c| c.is_ascii_lowercase());
        Ok(Grant {
            post: if is_code {
                self.post.clone()
            } else {
                String::new()
            },
            actions: actions.filter_map(|code| Action::from_code(code)).collect(),
            sites: self.somewhere.then_some(sites),
            limits: Limits {
                adjust,
                adjust_percent: percent(&self.adjust_percent)?,
                count_percent: percent(&self.count_percent)?,
                over_receipt_percent: percent(&self.over_receipt_percent)?,
            },
            may_approve: self.may_approve,
            until,
        })
    }
}

/// When the day after begins.
fn end_of_day(typed: &str, zone: Tz) -> Option<UnixMillis> {
    let day: NaiveDate = typed.parse().ok()?;
    let next = day.checked_add_days(Days::new(1))?;
    // Where clocks are put forward at midnight, the day begins an hour later.
    let begins = (0..3).find_map(|hour| {
        let local = next.and_hms_opt(hour, 0, 0)?;
        zone.from_local_datetime(&local).earliest()
    })?;
    Some(begins.timestamp_millis())
}

impl ConsoleData {
    /// What a person may do, and could before.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn rights(&self, id: OperatorId) -> Result<RightsView, AppError> {
        self.shown(id)?;
        self.ask(|q| {
            let operator = q.operator(id)?.ok_or(AppError::NotFound)?;
            let history = operator.grants.all().iter().rev();
            Ok(RightsView {
                operator: called(id.to_string(), &operator.name),
                history: history
                    .map(|(since, grant)| GrantView::of(*since, grant))
                    .collect(),
                grant: operator
                    .grants
                    .all()
                    .values()
                    .next_back()
                    .cloned()
                    .unwrap_or_else(|| Grant {
                        // As it is without any grant.
                        may_approve: false,
                        ..Grant::everything()
                    }),
            })
        })
    }

    /// Whether what is granted now, and what is to be granted, lies within the sites that are seen: who keeps one site
    /// neither gives nor takes rights at another.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn may_grant(&self, id: OperatorId, grant: &Grant) -> Result<bool, AppError> {
        self.shown(id)?;
        if self.scope.is_everywhere() {
            return Ok(true);
        }
        let within = |grant: &Grant| {
            let mut sites = grant.sites.iter().flatten();
            grant.sites.is_some() && sites.all(|site| self.scope.sees(*site))
        };
        self.ask(|q| {
            let operator = q.operator(id)?.ok_or(AppError::NotFound)?;
            let present = operator.grants.all().values().next_back().cloned();
            Ok(within(grant) && present.as_ref().is_some_and(within))
        })
    }

    /// Grants it from now on. Earlier grants stay: what was done under them is judged by them.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn grant(&self, id: OperatorId, grant: &Grant, now: UnixMillis) -> Result<(), AppError> {
        self.shown(id)?;
        let mut replica = self.writer_at(now)?;
        let operator = replica.query().operator(id)?.ok_or(AppError::NotFound)?;
        // A clock that was put back must not write over what was granted before, or into the past.
        let last = operator.grants.all().keys().next_back();
        let since = last.map_or(now, |last| now.max(last + 1));
        let mut edit = operator_record(&operator);
        edit.fields = vec![Operator::grant_field(since, grant)];
        let commit = Commit {
            edits: vec![edit],
            ..Commit::default()
        };
        replica.commit(commit, now)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = chrono_tz::Asia::Shanghai;
    const NOW: UnixMillis = 1_790_000_000_000;

    #[test]
    fn every_post_can_be_read_and_has_words() {
        let posts = posts().unwrap();
        let named: Vec<&str> = posts.iter().map(|p| p.post.as_str()).collect();
        assert_eq!(
            named,
            ["keeper", "picker", "counter", "trainee", "supervisor"]
        );
        for post in &posts {
            let key = format!("post.{}", post.post);
            assert!(crate::i18n::Lang::Zh.find(&key).is_some(), "{key}");
            assert!(!post.actions.is_empty());
            assert_eq!(
                TypedGrant::of(post, ZONE).grant(ZONE, NOW).as_ref(),
                Ok(post)
            );
        }
        assert!(
            posts
                .iter()
                .all(|p| p.may_approve == (p.post == "supervisor"))
        );
        for action in Action::ALL {
            let key = format!("right.{}", action.code());
            assert!(crate::i18n::Lang::Zh.find(&key).is_some(), "{key}");
        }
    }

    #[test]
    fn what_is_typed_wrongly_is_told() {
        let typed = |change: fn(&mut TypedGrant)| {
            let mut typed = TypedGrant::default();
            change(&mut typed);
            typed.grant(ZONE, NOW)
        };
        assert_eq!(typed(|_| {}), Ok(Grant::default()));
        assert_eq!(
            typed(|t| t.adjust = "-1".into()),
            Err("rights.bad-quantity")
        );
        assert_eq!(typed(|t| t.adjust = "x".into()), Err("rights.bad-quantity"));
        assert_eq!(
            typed(|t| t.count_percent = "1001".into()),
            Err("rights.bad-percent")
        );
        assert_eq!(
            typed(|t| t.count_percent = "5%".into()),
            Err("rights.bad-percent")
        );
        assert_eq!(typed(|t| t.somewhere = true), Err("rights.no-site"));
        assert_eq!(typed(|t| t.until = "soon".into()), Err("rights.bad-until"));
        assert_eq!(
            typed(|t| t.until = "2026-09-20".into()),
            Err("rights.bad-until")
        );
        // The day itself is a good one: it ends at midnight in Shanghai.
        let until = typed(|t| t.until = "2026-09-21".into()).unwrap().until;
        assert_eq!(until, Some(1_790_006_400_000));
        assert_eq!(
            typed(|t| t.post = "<b>".into()).unwrap().post,
            "",
            "a post is a code"
        );
    }
}
