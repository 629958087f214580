//! Bugs to order: the conformance kit proves with them that it would notice.

/// A contract broken on purpose; each is named after how.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    DedupeForgotten,
    DedupeForgottenAfterAnHour,
    OrderReversed,
    FenceIgnored,
    LeaseNeverExpires,
    ClaimNotExclusive,
    AttemptsNotCounted,
    ReleaseAlwaysCounted,
    WakeLost,
    VersionIgnored,
    PartialCommit,
    SeqWithGaps,
    EarlierTextLost,
    AttachmentRevived,
    ReferencedTakenForOrphans,
    DedupeKeyIgnored,
    OwnerEpochIgnored,
    AgentsAreWithheld,
    UnknownNeverParked,
    NeverIsRepeated,
    BotKeepsSending,
    ChatGoneIgnored,
    UniqueKeyIgnored,
    ReportLost,
    PriorityIgnored,
    PayloadAsText,
    MicrosecondsLost,
    DeadForgottenOnRetry,
    StageUndone,
    PageStartsTwice,
    AuditUnchained,
    ChangeUnaudited,
    KnowledgeVersionIgnored,
    NameTakenTwice,
    EpochStands,
    AnyBotAdopted,
    LeasesShared,
    AwakeLanesSwept,
    NothingReserved,
    LimitReadThenWritten,
    RefusedHalfReserved,
    SettleLost,
    UnknownUseForgotten,
    LimitOfAllDays,
    ReservationsNeverExpire,
}

impl super::MemoryStore {
    /// The same store with a bug.
    #[doc(hidden)]
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        self.lock().set_fault(fault);
        self
    }
}
