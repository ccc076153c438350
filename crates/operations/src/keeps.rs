//! What procedures keep, handed out in the words of [`Procedure`](crate::flow::Procedure).

/// Of a procedure with the field `draft`.
macro_rules! keeps_draft {
    () => {
        fn draft(&self) -> &$crate::draft::Draft {
            &self.draft
        }

        fn draft_mut(&mut self) -> &mut $crate::draft::Draft {
            &mut self.draft
        }
    };
}

/// Of one that does such a job for orders and has the field `desk`.
macro_rules! keeps_desk {
    ($job:expr) => {
        fn job(&self) -> Option<&'static $crate::desk::Job> {
            Some(&$job)
        }

        fn desk(&self) -> Option<&$crate::desk::Desk> {
            Some(&self.desk)
        }

        fn desk_mut(&mut self) -> Option<&mut $crate::desk::Desk> {
            Some(&mut self.desk)
        }
    };
}

pub(crate) use {keeps_desk, keeps_draft};
