//! A grant as text: words with a value each, in any order, such as
//! `post=picker actions=pick,move sites=0197… adjust=5 over-receipt-percent=10 until=1790000000000`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{Action, Grant, Limits};
use crate::ids::SiteId;
use crate::quantity::Quantity;

const ALL: &str = "*";

/// Text that is no grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no grant: {0}")]
pub struct GrantError(
    /// The word that cannot be read.
    pub String,
);

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.post.is_empty() {
            write!(f, "post={} ", self.post)?;
        }
        if self.actions.len() == Action::ALL.len() {
            write!(f, "actions={ALL}")?;
        } else {
            let codes: Vec<&str> = self.actions.iter().map(|a| a.code()).collect();
            write!(f, "actions={}", codes.join(","))?;
        }
        if let Some(sites) = &self.sites {
            let ids: Vec<String> = sites.iter().map(ToString::to_string).collect();
            write!(f, " sites={}", ids.join(","))?;
        }
        if let Some(most) = self.limits.adjust {
            write!(f, " adjust={most}")?;
        }
        let Limits {
            adjust: _,
            adjust_percent,
            count_percent,
            over_receipt_percent,
        } = self.limits;
        for (word, percent) in [
            ("adjust-percent", adjust_percent),
            ("count-percent", count_percent),
            ("over-receipt-percent", over_receipt_percent),
        ] {
            if let Some(percent) = percent {
                write!(f, " {word}={percent}")?;
            }
        }
        if self.may_approve {
            write!(f, " may-approve=yes")?;
        }
        if let Some(until) = self.until {
            write!(f, " until={until}")?;
        }
        Ok(())
    }
}

impl FromStr for Grant {
    type Err = GrantError;

    /// Words and actions of a later program are skipped; a known word whose value cannot be read makes it no grant.
    fn from_str(text: &str) -> Result<Self, GrantError> {
        let mut grant = Self::default();
        for word in text.split_whitespace() {
            let wrong = || GrantError(word.to_owned());
            let (name, value) = word.split_once('=').ok_or_else(wrong)?;
            let percent = || value.parse().map(Some).map_err(|_| wrong());
            match name {
                "post" => value.clone_into(&mut grant.post),
                "actions" if value == ALL => grant.actions = Action::ALL.into(),
                "actions" => {
                    grant.actions = value.split(',').filter_map(Action::from_code).collect()
                }
                "sites" => {
                    let ids: Result<BTreeSet<SiteId>, _> = parts(value).map(str::parse).collect();
                    grant.sites = Some(ids.map_err(|_| wrong())?);
                }
                "adjust" => {
                    let most = Quantity::parse(value).map_err(|_| wrong())?;
                    grant.limits.adjust = Some(most).filter(|q| *q >= Quantity::ZERO);
                    grant.limits.adjust.ok_or_else(wrong)?;
                }
                "adjust-percent" => grant.limits.adjust_percent = percent()?,
                "count-percent" => grant.limits.count_percent = percent()?,
                "over-receipt-percent" => grant.limits.over_receipt_percent = percent()?,
                "may-approve" => grant.may_approve = value == "yes",
                "until" => grant.until = Some(value.parse().map_err(|_| wrong())?),
                _ => {}
            }
        }
        Ok(grant)
    }
}

fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').filter(|part| !part.is_empty())
}
