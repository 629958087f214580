//! The admin API: `/admin/api/v1`, and the document about it.
//!
//! A request goes through the same steps in the same order, whatever it asks for: who is it, what does
//! the path lead to, may they do that, what exactly do they ask for, do it, say it. Nothing is read of a
//! request's body before the first three are settled.

mod openapi;
mod problem;
mod query;
mod routes;
mod views;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_core::access::{Caller, Role};
use frontdesk_core::conversation::{ConversationStatus, Owner};
use frontdesk_core::desk::{
    BackOffice, LibraryEntry, LibraryQuery, Listed, NewToken, OfficeError, Ordered, TokenFor,
};
use frontdesk_core::dialogue::CaseAction;
use frontdesk_core::id::{
    AgentId, AttachmentId, Channel, ClientId, ConversationId, KnowledgeEntryId, LeadId, TokenId, UserId,
};
use frontdesk_core::lead::{LeadScore, LeadStage};
use frontdesk_core::port::back_office::{ConversationQuery, LeadQuery, Period};
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::Serialize;
use slog::{Logger, error, info, warn};

use crate::answer::{self, Answer};
use crate::body::RequestBody;
use crate::throttle::Throttle;
use problem::Problem;
use query::Query;
use routes::{DOCUMENT, Found, Operation, ROOT, Route};
use views::{
    ConversationView, KnowledgeEditBody, KnowledgeView, LeadFileView, NewKnowledgeBody, NewTokenView, Page,
    RateLimitView, RoleName, Stage, StageBody, StatsView, TokenBody, Waiting, WorkView,
};

/// The admin API of one process, to be served by a [`PrivateListener`](crate::PrivateListener).
#[derive(Debug, Clone)]
pub struct AdminApi {
    office: BackOffice,
    document: Bytes,
    strangers: Arc<Throttle>,
}

/// What a request comes to.
enum Done {
    Json(StatusCode, Bytes),
    File(Option<String>, Bytes),
    Nothing,
}

impl AdminApi {
    /// The API of this back office.
    pub fn new(office: BackOffice) -> Self {
        AdminApi {
            office,
            document: Bytes::from(openapi::document().to_string()),
            strangers: Arc::new(Throttle::new()),
        }
    }

    /// The answer, or none where the path is not the API's.
    pub(crate) async fn answer(
        &self,
        head: &Parts,
        body: &mut RequestBody,
        body_timeout: Duration,
        log: &Logger,
    ) -> Option<Answer> {
        let path = head.uri.path();
        if path == DOCUMENT {
            return Some(self.document(&head.method));
        }
        let below = path.strip_prefix(ROOT)?;
        if !below.is_empty() && !below.starts_with('/') {
            return None;
        }
        Some(match self.handle(head, below, body, body_timeout, log).await {
            Ok(Done::Json(status, body)) => answer::json(status, body),
            Ok(Done::File(name, bytes)) => answer::file(name.as_deref(), bytes),
            Ok(Done::Nothing) => answer::no_content(),
            Err(problem) => problem.into_answer(),
        })
    }

    /// Anybody may read it: it says nothing of this desk.
    fn document(&self, method: &Method) -> Answer {
        if *method == Method::GET || *method == Method::HEAD {
            answer::json(StatusCode::OK, self.document.clone())
        } else {
            Problem::method_not_allowed("GET, HEAD".to_owned()).into_answer()
        }
    }

    async fn handle(
        &self,
        head: &Parts,
        path: &str,
        body: &mut RequestBody,
        body_timeout: Duration,
        log: &Logger,
    ) -> Result<Done, Problem> {
        let caller = self.caller(&head.headers, log).await?;
        let (route, places) = match routes::find(&head.method, path) {
            Found::Route(route, places) => (route, places),
            Found::Methods(allow) => return Err(Problem::method_not_allowed(allow)),
            Found::Nothing => return Err(Problem::not_found()),
        };
        if !caller.role.includes(&route.role) {
            return Err(Problem::forbidden());
        }
        let asked = Asked {
            office: &self.office,
            caller: &caller,
            route,
            places: &places,
            head,
            body_timeout,
        };
        let done = asked.perform(body).await.inspect_err(|problem| {
            if problem.status == StatusCode::INTERNAL_SERVER_ERROR {
                error!(log, "an admin request failed"; "operation" => ?route.operation);
            }
        })?;
        if route.verb != routes::Verb::Get {
            info!(log, "the back office changed something"; "operation" => ?route.operation, "actor" => %caller.actor);
        }
        Ok(done)
    }

    /// Who asks. Exactly one header, with a token that is known and valid.
    async fn caller(&self, headers: &HeaderMap, log: &Logger) -> Result<Caller, Problem> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let shown = match (given.next(), given.next()) {
            (Some(header), None) => header.to_str().ok().and_then(bearer),
            _ => None,
        };
        let caller = match shown {
            Some(token) => self.office.authenticate(token).await?,
            None => None,
        };
        caller.ok_or_else(|| {
            if let Some(held_back) = self.strangers.pass() {
                warn!(log, "refused an admin request: no valid token"; "lines_held_back" => held_back);
            }
            Problem::unauthorized()
        })
    }
}

/// The token of a header; the scheme's name may be written in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A request that may be done.
struct Asked<'a> {
    office: &'a BackOffice,
    caller: &'a Caller,
    route: &'static Route,
    places: &'a [&'a str],
    head: &'a Parts,
    body_timeout: Duration,
}

impl Asked<'_> {
    async fn perform(&self, body: &mut RequestBody) -> Result<Done, Problem> {
        let office = self.office;
        let query = Query::read(self.route, self.head.uri.query())?;
        match self.route.operation {
            Operation::ListConversations => {
                let found = office.conversations(&conversations(&query)?).await?;
                ok(&Page::<ConversationView>::of(found, |case| case.conversation.id))
            }
            Operation::GetConversation => {
                let found = office.conversation(self.conversation_id()?).await?;
                ok(&ConversationView::from(found))
            }
            Operation::ListMessages => {
                let found = office.messages(self.conversation_id()?, &query.page()?).await?;
                ok(&Page::<views::MessageView>::of(found, |message| message.seq))
            }
            Operation::ListAttachments => {
                let items = office.attachments(self.conversation_id()?).await?;
                let all = Listed { items, more: false };
                ok(&Page::<views::AttachmentView>::of(all, |file| file.id))
            }
            Operation::GetAttachmentContent => {
                let id = AttachmentId(query::id(self.places.first())?);
                let (file, bytes) = office.attachment_content(id).await?;
                Ok(Done::File(file.file_name, Bytes::from(bytes)))
            }
            Operation::CloseConversation => self.order(CaseAction::Close).await,
            Operation::ArchiveConversation => self.order(CaseAction::Archive).await,
            Operation::ListLeads => {
                let found = office.leads(&leads(&query)?).await?;
                ok(&Page::<views::LeadView>::of(found, |lead| lead.id))
            }
            Operation::GetLead => ok(&LeadFileView::from(office.lead(self.lead_id()?).await?)),
            Operation::MoveLead => {
                let id = self.lead_id()?;
                let StageBody { stage, reason } = query::body(self.head, body, self.body_timeout).await?;
                let moved = office.move_lead(self.caller, id, stage.into(), reason).await?;
                ok(&LeadFileView::from(moved))
            }
            Operation::GetRateLimit => self.rate_limit().await,
            Operation::GetStats => {
                let (from, to) = (query.required_time("from")?, query.required_time("to")?);
                if to <= from {
                    return Err(Problem::bad("The parameter to is not after from."));
                }
                let stats = office.stats(&Period { from, to }).await?;
                ok(&StatsView::new(from, to, stats))
            }
            Operation::GetWork => ok(&WorkView::from(office.work().await?)),
            Operation::ListKnowledge => {
                let page = query.page()?;
                let wanted = LibraryQuery {
                    locale: query.text("locale").map(str::to_owned),
                    after: page.before,
                    limit: page.limit,
                };
                let found = office.library(&wanted).await?;
                ok(&Page::<KnowledgeView>::of(found, LibraryEntry::key))
            }
            Operation::AddKnowledge => {
                let new: NewKnowledgeBody = query::body(self.head, body, self.body_timeout).await?;
                let added = office.add_knowledge(self.caller, new.into()).await?;
                json(StatusCode::CREATED, &KnowledgeView::from(added))
            }
            Operation::EditKnowledge => {
                let id = KnowledgeEntryId(query::id(self.places.first())?);
                let edit: KnowledgeEditBody = query::body(self.head, body, self.body_timeout).await?;
                let version = edit.version;
                let edited = office.edit_knowledge(self.caller, id, version, edit.into());
                ok(&KnowledgeView::from(edited.await?))
            }
            Operation::ListDeadLetters => {
                let found = office.dead_letters(&query.page()?).await?;
                ok(&Page::<views::DeadLetterView>::of(found, |letter| letter.id))
            }
            Operation::RetryDeadLetter => {
                let number = query::number(self.places.first())?;
                nothing(office.retry_dead(self.caller, number).await)
            }
            Operation::DropDeadLetter => {
                let number = query::number(self.places.first())?;
                nothing(office.drop_dead(self.caller, number).await)
            }
            Operation::ListAudit => {
                let found = office.audit(&query.page()?).await?;
                ok(&Page::<views::AuditView>::of(found, |entry| entry.id))
            }
            Operation::ListTokens => {
                let found = office.tokens(&query.page()?).await?;
                ok(&Page::<views::TokenView>::of(found, |owned| owned.token.id))
            }
            Operation::CreateToken => {
                let new: TokenBody = query::body(self.head, body, self.body_timeout).await?;
                let (token, secret) = office.create_token(self.caller, new_token(new)?).await?;
                let view = NewTokenView {
                    token: token.into(),
                    secret: secret.expose().to_owned(),
                };
                json(StatusCode::CREATED, &view)
            }
            Operation::RevokeToken => {
                let id = TokenId(query::id(self.places.first())?);
                nothing(office.revoke_token(self.caller, id).await)
            }
        }
    }

    fn conversation_id(&self) -> Result<ConversationId, Problem> {
        query::id(self.places.first()).map(ConversationId)
    }

    fn lead_id(&self) -> Result<LeadId, Problem> {
        query::id(self.places.first()).map(LeadId)
    }

    async fn order(&self, action: CaseAction) -> Result<Done, Problem> {
        let id = self.conversation_id()?;
        match self.office.order(self.caller, id, action).await? {
            Ordered::Done(case) => ok(&ConversationView::from(*case)),
            Ordered::Waiting => {
                let waiting = Waiting {
                    conversation_id: id.0,
                    state: "waiting",
                };
                json(StatusCode::ACCEPTED, &waiting)
            }
        }
    }

    async fn rate_limit(&self) -> Result<Done, Problem> {
        let channel = self.places.first().copied().unwrap_or_default().to_owned();
        let user = query::number(self.places.get(1))?;
        let status = self
            .office
            .rate_limit(&Channel::new(channel.clone()), UserId(user))
            .await?;
        ok(&RateLimitView::new(channel, user, &status))
    }
}

fn conversations(query: &Query) -> Result<ConversationQuery, Problem> {
    Ok(ConversationQuery {
        status: query.word("status", ConversationStatus::KNOWN)?,
        owner: query.word("owner", Owner::KNOWN)?,
        lead_score: query.word("lead_score", LeadScore::KNOWN)?,
        client: query.uuid("client")?.map(ClientId),
        page: query.page()?,
    })
}

fn leads(query: &Query) -> Result<LeadQuery, Problem> {
    Ok(LeadQuery {
        stage: query.word("stage", LeadStage::KNOWN)?,
        score: query.word("score", LeadScore::KNOWN)?,
        page: query.page()?,
    })
}

fn new_token(body: TokenBody) -> Result<NewToken, Problem> {
    let owner = match (body.role, body.agent_id) {
        (Some(role), None) => TokenFor::NewAgent(role.into()),
        (None, Some(id)) => TokenFor::Agent(AgentId(id)),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Problem::bad("The body must have either role or agent_id."));
        }
    };
    Ok(NewToken {
        name: body.name,
        owner,
        expires_at: body.expires_at.map(|time| time.0),
    })
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Role::Viewer,
            RoleName::Agent => Role::Agent,
            RoleName::Admin => Role::Admin,
        }
    }
}

impl From<Stage> for LeadStage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::New => LeadStage::New,
            Stage::Contacted => LeadStage::Contacted,
            Stage::Qualified => LeadStage::Qualified,
            Stage::ProposalSent => LeadStage::ProposalSent,
            Stage::Won => LeadStage::Won,
            Stage::Lost => LeadStage::Lost,
        }
    }
}

fn ok(view: &impl Serialize) -> Result<Done, Problem> {
    json(StatusCode::OK, view)
}

fn json(status: StatusCode, view: &impl Serialize) -> Result<Done, Problem> {
    match serde_json::to_vec(view) {
        Ok(body) => Ok(Done::Json(status, Bytes::from(body))),
        Err(_) => Err(Problem::broken()),
    }
}

fn nothing(done: Result<(), OfficeError>) -> Result<Done, Problem> {
    done.map(|()| Done::Nothing).map_err(Problem::from)
}
