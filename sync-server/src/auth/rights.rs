//! What an account of the console may do: a right is an action on a kind of record, or on a group of its fields. A role
//! is a set of rights; an administrator edits those of the other two as a grid.

use std::collections::BTreeSet;

use crate::store::accounts::Role;

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $role:ident;)+) => {
        /// One right. Its code is `record.action`, or `record:fields.action` for a group of fields.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Right {$($(#[$doc])* $name,)+}

        impl Right {
            /// All of them, by record.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Stable name, in SQL and in translation keys.
            pub const fn code(self) -> &'static str {
                match self {$(Self::$name => $code,)+}
            }

            /// The least role that has it unless an administrator says otherwise.
            pub const fn least(self) -> Role {
                match self {$(Self::$name => Role::$role,)+}
            }
        }
    };
}

rights! {
    /// See exceptions and decisions.
    ReviewSee = "review.see", Viewer;
    /// Decide exceptions and field conflicts.
    ReviewDecide = "review.decide", Supervisor;
    /// See what lies in quarantine.
    QuarantineSee = "quarantine.see", Viewer;
    /// Release or reject it.
    QuarantineDecide = "quarantine.decide", Supervisor;
    /// See stocktakes and their reports.
    StocktakesSee = "stocktakes.see", Viewer;
    /// Plan stocktakes and close them.
    StocktakesPlan = "stocktakes.plan", Supervisor;
    /// Approve counts or have them counted again.
    StocktakesDecide = "stocktakes.decide", Supervisor;
    /// See stock, items, bins and units.
    StockSee = "stock.see", Viewer;
    /// See what customers left with us, with whose it is.
    CustodySee = "custody.see", Viewer;
    /// Extend, cancel and dispose of it.
    CustodyAct = "custody.act", Supervisor;
    /// Say what the house agrees on with whoever leaves something.
    CustodyRules = "custody:rules.edit", Admin;
    /// Erase a person.
    CustodyErase = "custody:person.erase", Supervisor;
    /// See dashboards, with what each person did.
    DashboardsSee = "dashboards.see", Viewer;
    /// See events.
    EventsSee = "events.see", Viewer;
    /// See photos, signatures and documents.
    EventsPhotosSee = "events:photos.see", Viewer;
    /// See devices.
    DevicesSee = "devices.see", Viewer;
    /// Send messages to devices.
    DevicesTell = "devices.tell", Supervisor;
    /// Lock devices, and unlock them.
    DevicesLock = "devices.lock", Supervisor;
    /// Take in a file of a device.
    DevicesTakeIn = "devices.take-in", Supervisor;
    /// Add devices.
    DevicesInvite = "devices.invite", Admin;
    /// Rename devices and set them up.
    DevicesSetUp = "devices.set-up", Admin;
    /// Send devices to another site or ask them for a new key.
    DevicesMove = "devices.move", Admin;
    /// Take a device's rights away.
    DevicesRevoke = "devices.revoke", Admin;
    /// See what was refused.
    RefusalsSee = "refusals.see", Supervisor;
    /// See people who work on handhelds.
    PeopleSee = "people.see", Viewer;
    /// Add people, let them sign in or not.
    PeopleEdit = "people.edit", Supervisor;
    /// Give out PINs and badges.
    PeopleBadgeEdit = "people:badge.edit", Supervisor;
    /// See and change what people may do.
    PeopleRightsEdit = "people:rights.edit", Supervisor;
    /// See what can be imported and exported.
    DataSee = "data.see", Viewer;
    /// Import.
    DataImport = "data.import", Supervisor;
    /// Export lists.
    DataExport = "data.export", Viewer;
    /// Keep keys of other programs and webhooks.
    ApiEdit = "api.edit", Admin;
    /// Add sites and say how much history their devices hold.
    SitesEdit = "sites.edit", Admin;
    /// Keep the console's accounts.
    UsersEdit = "users.edit", Admin;
    /// Change what roles may do, and the rules of signing in.
    RolesEdit = "roles.edit", Admin;
    /// Search the audit trail.
    AuditSee = "audit.see", Admin;
    /// Export it.
    AuditExport = "audit.export", Admin;
}

impl Right {
    /// The right with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|right| right.code() == code)
    }

    /// The kind of record, with the group of fields if it is about one.
    pub fn record(self) -> &'static str {
        self.code().split_once('.').map_or("", |(record, _)| record)
    }

    /// What is done with it.
    pub fn action(self) -> &'static str {
        self.code().split_once('.').map_or("", |(_, action)| action)
    }
}

/// The rights of one role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightSet(BTreeSet<Right>);

impl RightSet {
    /// What the program gives a role, with what an administrator changed about it. Administrators have all rights,
    /// whatever anybody changed: somebody has to be able to change it back.
    pub fn of(role: Role, changed: impl IntoIterator<Item = (Right, bool)>) -> Self {
        let given = Right::ALL.iter().copied();
        let mut set: BTreeSet<Right> = given.filter(|right| right.least() <= role).collect();
        if role < Role::Admin {
            for (right, allowed) in changed {
                if allowed {
                    set.insert(right);
                } else {
                    set.remove(&right);
                }
            }
        }
        Self(set)
    }

    /// Whether it is among them.
    pub fn has(&self, right: Right) -> bool {
        self.0.contains(&right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_what_it_is_given_and_an_administrator_everything() {
        let viewer = RightSet::of(Role::Viewer, []);
        assert!(viewer.has(Right::StockSee) && !viewer.has(Right::ReviewDecide));
        let changed = [(Right::StockSee, false), (Right::ReviewDecide, true)];
        let viewer = RightSet::of(Role::Viewer, changed);
        assert!(!viewer.has(Right::StockSee) && viewer.has(Right::ReviewDecide));
        let admin = RightSet::of(Role::Admin, [(Right::RolesEdit, false)]);
        assert!(Right::ALL.iter().all(|right| admin.has(*right)));
    }

    #[test]
    fn codes_are_unlike_and_read_back() {
        for right in Right::ALL {
            assert_eq!(Right::from_code(right.code()), Some(*right));
            assert!(!right.record().is_empty() && !right.action().is_empty());
        }
    }
}
