//! Which sites an account may see.

use std::collections::BTreeSet;

use domain::SiteId;

/// Sites that somebody may see. To them, the others are not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them, those that will be added too.
    #[default]
    Everywhere,
    /// These.
    Only(BTreeSet<SiteId>),
}

tokio::task_local! {
    /// Of whoever sent the request that this task answers.
    static OF_REQUEST: Scope;
}

impl Scope {
    /// Whether that site may be seen.
    pub fn sees(&self, site: SiteId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(sites) => sites.contains(&site),
        }
    }

    /// Whether nothing is hidden.
    pub const fn is_everywhere(&self) -> bool {
        matches!(self, Self::Everywhere)
    }

    /// Of whoever sent the request that this task answers; everywhere outside of one. It is not handed from handler to
    /// data by hand, so that no page can forget it.
    pub fn of_request() -> Self {
        OF_REQUEST.try_with(Clone::clone).unwrap_or_default()
    }

    /// Answers a request for somebody who sees this much.
    pub(crate) async fn answering<F: Future>(self, answer: F) -> F::Output {
        OF_REQUEST.scope(self, answer).await
    }
}
