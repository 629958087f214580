//! Every route of the admin API: the one table of paths, methods, roles, what is taken and what is
//! answered. Requests are matched against it, and the OpenAPI document is made from it. What is not
//! in it is refused.

use frontdesk_core::access::Role;
use frontdesk_core::conversation::{ConversationStatus, Owner};
use frontdesk_core::lead::{LeadScore, LeadStage};
use hyper::Method;

/// Where the routes of this version begin.
pub(crate) const ROOT: &str = "/admin/api/v1";
/// The document about them.
pub(crate) const DOCUMENT: &str = "/admin/api/openapi.json";

/// In place of a schema: the body is bytes.
pub(crate) const BYTES: &str = "";

/// Reading and changing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

impl Verb {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    /// Whether a request of this method is answered so. HEAD is GET without the body.
    fn takes(self, method: &Method) -> bool {
        match self {
            Verb::Get => *method == Method::GET || *method == Method::HEAD,
            Verb::Post => *method == Method::POST,
            Verb::Patch => *method == Method::PATCH,
            Verb::Delete => *method == Method::DELETE,
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ListConversations,
    GetConversation,
    ListMessages,
    ListAttachments,
    GetAttachmentContent,
    CloseConversation,
    ArchiveConversation,
    ListLeads,
    GetLead,
    MoveLead,
    GetRateLimit,
    GetStats,
    GetWork,
    ListKnowledge,
    AddKnowledge,
    EditKnowledge,
    ListDeadLetters,
    RetryDeadLetter,
    DropDeadLetter,
    ListAudit,
    ListTokens,
    CreateToken,
    RevokeToken,
}

/// What a parameter of the query may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Limit,
    Cursor,
    Uuid,
    Time,
    Text,
    /// One of these.
    OneOf(fn() -> Vec<String>),
}

/// A parameter of the query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// A route.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) verb: Verb,
    /// Below [`ROOT`]; `{name}` stands for one segment.
    pub(crate) path: &'static str,
    pub(crate) operation: Operation,
    /// The least that may do it.
    pub(crate) role: Role,
    pub(crate) about: &'static str,
    pub(crate) params: &'static [Param],
    /// The schema of the body it takes.
    pub(crate) body: Option<&'static str>,
    /// Statuses of success, each with the schema of its body.
    pub(crate) answers: &'static [(u16, Option<&'static str>)],
    /// Statuses of failure, besides those that every route has.
    pub(crate) failures: &'static [u16],
}

const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Param {
    Param {
        name,
        kind,
        required: false,
        about,
    }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Param {
    Param {
        name,
        kind,
        required: true,
        about,
    }
}

fn words<E: frontdesk_core::OpenEnum>(known: &[E]) -> Vec<String> {
    known.iter().map(|word| word.as_str().to_owned()).collect()
}

const LIMIT: Param = optional("limit", Kind::Limit, "At most this many; 50 if not given.");
const CURSOR: Param = optional(
    "cursor",
    Kind::Cursor,
    "`next_cursor` of the part before; the list's start if not given.",
);
const PAGE: &[Param] = &[LIMIT, CURSOR];
const SCORE: Kind = Kind::OneOf(|| words(LeadScore::KNOWN));

const fn get(
    path: &'static str,
    operation: Operation,
    role: Role,
    about: &'static str,
    params: &'static [Param],
    answers: &'static [(u16, Option<&'static str>)],
    failures: &'static [u16],
) -> Route {
    Route {
        verb: Verb::Get,
        path,
        operation,
        role,
        about,
        params,
        body: None,
        answers,
        failures,
    }
}

const fn post(
    path: &'static str,
    operation: Operation,
    role: Role,
    about: &'static str,
    body: Option<&'static str>,
    answers: &'static [(u16, Option<&'static str>)],
    failures: &'static [u16],
) -> Route {
    Route {
        verb: Verb::Post,
        path,
        operation,
        role,
        about,
        params: &[],
        body,
        answers,
        failures,
    }
}

/// All of them.
pub(crate) const ROUTES: &[Route] = &[
    get(
        "/conversations",
        Operation::ListConversations,
        Role::Viewer,
        "Cases, newest first.",
        &[
            LIMIT,
            CURSOR,
            optional(
                "status",
                Kind::OneOf(|| words(ConversationStatus::KNOWN)),
                "Only these.",
            ),
            optional(
                "owner",
                Kind::OneOf(|| words(Owner::KNOWN)),
                "Only those in whose hands they are.",
            ),
            optional("lead_score", SCORE, "Only those with a lead of this score."),
            optional("client", Kind::Uuid, "Only this client's."),
        ],
        &[(200, Some("ConversationList"))],
        &[],
    ),
    get(
        "/conversations/{id}",
        Operation::GetConversation,
        Role::Viewer,
        "One case.",
        &[],
        &[(200, Some("ConversationView"))],
        &[404],
    ),
    get(
        "/conversations/{id}/messages",
        Operation::ListMessages,
        Role::Viewer,
        "What was said in a case, newest first.",
        PAGE,
        &[(200, Some("MessageList"))],
        &[404],
    ),
    get(
        "/conversations/{id}/attachments",
        Operation::ListAttachments,
        Role::Viewer,
        "The files that were sent in a case, in the order they came.",
        &[],
        &[(200, Some("AttachmentList"))],
        &[404],
    ),
    get(
        "/attachments/{id}/content",
        Operation::GetAttachmentContent,
        Role::Viewer,
        "The bytes of a file that is stored, to be saved rather than shown.",
        &[],
        &[(200, Some(BYTES))],
        &[404],
    ),
    post(
        "/conversations/{id}/close",
        Operation::CloseConversation,
        Role::Agent,
        "Tells the client and closes the case. Closed already is closed.",
        None,
        &[(200, Some("ConversationView")), (202, Some("Waiting"))],
        &[404],
    ),
    post(
        "/conversations/{id}/archive",
        Operation::ArchiveConversation,
        Role::Agent,
        "Puts a closed case away.",
        None,
        &[(200, Some("ConversationView")), (202, Some("Waiting"))],
        &[404, 409],
    ),
    get(
        "/leads",
        Operation::ListLeads,
        Role::Viewer,
        "Leads, newest first.",
        &[
            LIMIT,
            CURSOR,
            optional(
                "stage",
                Kind::OneOf(|| words(LeadStage::KNOWN)),
                "Only those in this stage.",
            ),
            optional("score", SCORE, "Only those of this score."),
        ],
        &[(200, Some("LeadList"))],
        &[],
    ),
    get(
        "/leads/{id}",
        Operation::GetLead,
        Role::Viewer,
        "One lead, with how it came to where it stands.",
        &[],
        &[(200, Some("LeadFileView"))],
        &[404],
    ),
    post(
        "/leads/{id}/stage",
        Operation::MoveLead,
        Role::Agent,
        "Moves a lead to another stage.",
        Some("StageBody"),
        &[(200, Some("LeadFileView"))],
        &[404, 409, 422],
    ),
    get(
        "/users/{channel}/{user_id}/rate-limit",
        Operation::GetRateLimit,
        Role::Viewer,
        "How many messages a client has left.",
        &[],
        &[(200, Some("RateLimitView"))],
        &[404],
    ),
    get(
        "/stats",
        Operation::GetStats,
        Role::Viewer,
        "What became of the cases opened in a period, and what models cost in it.",
        &[
            required("from", Kind::Time, "The period's first instant."),
            required("to", Kind::Time, "The first instant after it."),
        ],
        &[(200, Some("StatsView"))],
        &[],
    ),
    get(
        "/work",
        Operation::GetWork,
        Role::Viewer,
        "How much waits in every queue, and for how long.",
        &[],
        &[(200, Some("WorkView"))],
        &[],
    ),
    get(
        "/knowledge",
        Operation::ListKnowledge,
        Role::Viewer,
        "What the desk knows: what was added here, newest first, then what the playbook's files have, by slug.",
        &[
            LIMIT,
            CURSOR,
            optional("locale", Kind::Text, "Only those in this locale."),
        ],
        &[(200, Some("KnowledgeList"))],
        &[],
    ),
    post(
        "/knowledge",
        Operation::AddKnowledge,
        Role::Admin,
        "Adds an entry beside the playbook's files. 409 if they, or what was added, have its slug.",
        Some("NewKnowledgeBody"),
        &[(201, Some("KnowledgeView"))],
        &[409, 422],
    ),
    Route {
        verb: Verb::Patch,
        path: "/knowledge/{id}",
        operation: Operation::EditKnowledge,
        role: Role::Admin,
        about: "Changes an entry that was added. 409 if it stands at another version than the one named.",
        params: &[],
        body: Some("KnowledgeEditBody"),
        answers: &[(200, Some("KnowledgeView"))],
        failures: &[404, 409, 422],
    },
    get(
        "/dead-letters",
        Operation::ListDeadLetters,
        Role::Viewer,
        "What was given up, newest first.",
        PAGE,
        &[(200, Some("DeadLetterList"))],
        &[],
    ),
    post(
        "/dead-letters/{number}/retry",
        Operation::RetryDeadLetter,
        Role::Admin,
        "Puts a dead letter back at the end of its queue, as new.",
        None,
        &[(204, None)],
        &[404],
    ),
    post(
        "/dead-letters/{number}/drop",
        Operation::DropDeadLetter,
        Role::Admin,
        "Forgets a dead letter for good.",
        None,
        &[(204, None)],
        &[404],
    ),
    get(
        "/audit",
        Operation::ListAudit,
        Role::Admin,
        "Who changed what, newest first.",
        PAGE,
        &[(200, Some("AuditList"))],
        &[],
    ),
    get(
        "/tokens",
        Operation::ListTokens,
        Role::Admin,
        "Tokens, newest first, without their secrets.",
        PAGE,
        &[(200, Some("TokenList"))],
        &[],
    ),
    post(
        "/tokens",
        Operation::CreateToken,
        Role::Admin,
        "Makes a token. Its secret is in this answer and nowhere else.",
        Some("TokenBody"),
        &[(201, Some("NewTokenView"))],
        &[422],
    ),
    Route {
        verb: Verb::Delete,
        path: "/tokens/{id}",
        operation: Operation::RevokeToken,
        role: Role::Admin,
        about: "Takes a token back for good. Taken back already is taken back.",
        params: &[],
        body: None,
        answers: &[(204, None)],
        failures: &[404],
    },
];

impl Route {
    /// Every status of failure it may answer with: 400 for a parameter it does not know, too; 405 never
    /// for its own method.
    pub(crate) fn all_failures(&self) -> Vec<u16> {
        let mut all = vec![400, 401, 403, 500, 503];
        all.extend(self.failures);
        if self.body.is_some() {
            all.extend([408, 413, 415]);
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// What a path leads to.
pub(crate) enum Found<'a> {
    /// This route, and what stands in its path's places, in order.
    Route(&'static Route, Vec<&'a str>),
    /// The path is there, but not for this method. These it takes, for the Allow header.
    Methods(String),
    /// Nothing.
    Nothing,
}

/// Finds the route for a path below [`ROOT`].
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let mut methods = Vec::new();
    for route in ROUTES {
        let Some(places) = places(route.path, path) else {
            continue;
        };
        if route.verb.takes(method) {
            return Found::Route(route, places);
        }
        methods.push(route.verb.as_str());
        if route.verb == Verb::Get {
            methods.push("HEAD");
        }
    }
    if methods.is_empty() {
        Found::Nothing
    } else {
        Found::Methods(methods.join(", "))
    }
}

/// What stands where a template has places; `None` if the path is another.
fn places<'a>(template: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut found = Vec::new();
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(place), Some(segment)) if place.starts_with('{') && !segment.is_empty() => {
                found.push(segment);
            }
            (Some(place), Some(segment)) if place == segment => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_they_should() {
        let found = |method: Method, path: &'static str| match find(&method, path) {
            Found::Route(route, places) => format!("{:?} {}", route.operation, places.join(",")),
            Found::Methods(methods) => methods,
            Found::Nothing => "nothing".to_owned(),
        };
        for (method, path, leads_to) in [
            (Method::GET, "/conversations", "ListConversations "),
            (Method::HEAD, "/conversations/x", "GetConversation x"),
            (Method::POST, "/conversations/x/close", "CloseConversation x"),
            (
                Method::GET,
                "/users/telegram/7/rate-limit",
                "GetRateLimit telegram,7",
            ),
            (Method::GET, "/conversations/x/close", "POST"),
            (Method::PUT, "/tokens", "GET, HEAD, POST"),
            (Method::GET, "/conversations/", "nothing"),
            (Method::GET, "/conversations//messages", "nothing"),
            (Method::GET, "/tokens/x/y", "nothing"),
            (Method::GET, "", "nothing"),
        ] {
            assert_eq!(found(method, path), leads_to, "{path}");
        }
    }

    #[test]
    fn no_two_routes_are_the_same_and_every_change_needs_more_than_reading() {
        for (at, route) in ROUTES.iter().enumerate() {
            assert!(
                ROUTES[at + 1..]
                    .iter()
                    .all(|other| other.path != route.path || other.verb != route.verb)
            );
            assert!(route.verb == Verb::Get || route.role != Role::Viewer, "{route:?}");
        }
    }
}
