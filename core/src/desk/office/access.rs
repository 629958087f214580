//! Tokens: who shows one, and making and taking back.

use std::time::Duration;

use crate::access::{Actor, Agent, ApiToken, Caller, OwnedToken, Role, TokenHash, TokenSecret};
use crate::id::{AgentId, Ids, TokenId};
use crate::port::StoreError;
use crate::port::back_office::{ChangeKind, Paging};
use crate::text::{clean, clip};
use crate::time::Timestamp;

use super::{BackOffice, Listed, OfficeError, one_more};

/// Longest name of a token or an agent, in characters.
const NAME_LIMIT: usize = 255;

/// How old the note of a token's last use must be to be written anew.
const USE_NOTED: Duration = Duration::from_mins(1);

/// Whose a new token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenFor {
    /// An agent there is.
    Agent(AgentId),
    /// A new agent of the token's name, with this role.
    NewAgent(Role),
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Whose it is.
    pub owner: TokenFor,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl BackOffice {
    /// Who shows this text; `None` for nobody we know, an agent who is not active, or a token that has
    /// ended or was taken back. How long it takes tells nothing of a token but its first characters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn authenticate(&self, shown: &str) -> Result<Option<Caller>, StoreError> {
        let shown_hash = TokenHash::of(shown);
        if let Some(bootstrap) = &self.parts.bootstrap
            && bootstrap.matches(&shown_hash)
        {
            return Ok(Some(Caller::bootstrap()));
        }
        let Some(secret) = TokenSecret::parse(shown) else {
            return Ok(None);
        };
        let candidates = self.parts.store.tokens_with_prefix(secret.prefix()).await?;
        let mut known = None;
        for candidate in candidates {
            // All are looked at, whichever fits.
            if candidate.token.hash.matches(&shown_hash) {
                known = Some(candidate);
            }
        }
        let now = self.parts.clock.now();
        let Some(OwnedToken { token, agent }) =
            known.filter(|known| known.token.is_valid(now) && known.agent.active)
        else {
            return Ok(None);
        };
        self.note_use(&token, now).await;
        Ok(Some(Caller {
            actor: Actor::Agent(agent.id),
            name: agent.display_name,
            role: agent.role,
        }))
    }

    /// That a token was used is a courtesy: not being able to write it refuses nobody.
    async fn note_use(&self, token: &ApiToken, now: Timestamp) {
        let noted = token.last_used_at.is_some_and(|last| now < last + USE_NOTED);
        if noted {
            return;
        }
        if let Err(error) = self.parts.store.note_token_use(token.id, now).await {
            slog::warn!(self.parts.log, "the use of a token could not be noted";
                "token_id" => %token.id, "error" => %error);
        }
    }

    /// Tokens, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn tokens(&self, page: &Paging<TokenId>) -> Result<Listed<OwnedToken>, OfficeError> {
        let found = self.parts.store.tokens(&one_more(page)).await?;
        Ok(Listed::of(found, page.limit))
    }

    /// Makes a token. Its secret is given here and never again.
    ///
    /// # Errors
    /// [`OfficeError::Impossible`] for a name that is empty or too long, an end that is over, a role or
    /// an agent there is not; [`OfficeError::NoRandomness`], [`OfficeError::Store`].
    pub async fn create_token(
        &self,
        caller: &Caller,
        new: NewToken,
    ) -> Result<(OwnedToken, TokenSecret), OfficeError> {
        let now = self.parts.clock.now();
        let impossible = |why: &str| Err(OfficeError::Impossible(why.to_owned()));
        let name = clean(&new.name);
        if name.is_empty() || clip(&name, NAME_LIMIT) != name {
            return impossible("a name has 1 to 255 characters");
        }
        if new.expires_at.is_some_and(|end| end <= now) {
            return impossible("the end of a token lies in the future");
        }
        let mut ids = Ids::new(now, self.parts.ids.entropy());
        let (agent, is_new) = match new.owner {
            TokenFor::NewAgent(Role::Unknown(_)) => return impossible("there is no such role"),
            TokenFor::NewAgent(role) => {
                let agent = Agent {
                    id: AgentId(ids.next_uuid()),
                    display_name: name.clone(),
                    role,
                    active: true,
                };
                (agent, true)
            }
            TokenFor::Agent(id) => match self.parts.store.agent(id).await? {
                Some(agent) => (agent, false),
                None => return impossible("there is no such agent"),
            },
        };
        let secret = TokenSecret::new(self.parts.secrets.secret()?);
        let token = ApiToken {
            id: TokenId(ids.next_uuid()),
            agent_id: agent.id,
            name,
            hash: secret.hash(),
            prefix: secret.prefix().to_owned(),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
            created_at: now,
        };
        let detail = [
            ("agent_id", agent.id.to_string()),
            ("prefix", token.prefix.clone()),
            ("role", agent.role.to_string()),
        ];
        let audit = self.entry(caller, "token.create", format!("token:{}", token.id), detail);
        let what = ChangeKind::CreateToken {
            token: token.clone(),
            agent: is_new.then(|| agent.clone()),
        };
        self.change(what, audit, "there is such a token already").await?;
        Ok((OwnedToken { token, agent }, secret))
    }

    /// Takes a token back for good. One that was taken back before stays so.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::Store`].
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<(), OfficeError> {
        let at = self.parts.clock.now();
        let audit = self.entry(caller, "token.revoke", format!("token:{id}"), []);
        match self.change(ChangeKind::RevokeToken { id, at }, audit, "").await {
            Err(OfficeError::Conflict(_)) => Ok(()),
            outcome => outcome,
        }
    }
}
