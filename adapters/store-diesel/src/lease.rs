//! Leases: of lanes while they are worked on, and by name.

use async_trait::async_trait;
use diesel::sql_types::Text;
use std::time::Duration;

use frontdesk_core::id::OwnerId;
use frontdesk_core::port::store::{LeaseStore, Release, StoreError};
use frontdesk_core::work::{LaneClaim, LaneKind};

use crate::conn::{Durability, rows};
use crate::lanes::{self, Changes};
use crate::open::DieselStore;
use crate::sql::Sql;

#[async_trait]
impl LeaseStore for DieselStore {
    async fn renew(
        &self,
        kind: LaneKind,
        claims: &[LaneClaim],
        lease: Duration,
    ) -> Result<Vec<bool>, StoreError> {
        let mut conn = self.steps(Durability::Lease).await?;
        let held = lanes::give_back(&mut conn, &kind, claims.iter(), Changes::Renew(lease)).await;
        let held = conn.close_steps(held).await?;
        Ok(claims.iter().map(|claim| held.contains(&claim.lane)).collect())
    }

    async fn release(&self, kind: LaneKind, lanes: &[Release]) -> Result<Vec<bool>, StoreError> {
        let waits = lanes
            .iter()
            .map(|release| (release.after, release.counted))
            .collect();
        let claims: Vec<&LaneClaim> = lanes.iter().map(|release| &release.claim).collect();
        let mut conn = self.steps(Durability::Lease).await?;
        let held = lanes::give_back(&mut conn, &kind, claims.into_iter(), Changes::Wait(waits)).await;
        let held = conn.close_steps(held).await?;
        Ok(lanes
            .iter()
            .map(|release| held.contains(&release.claim.lane))
            .collect())
    }

    async fn hold(&self, name: &str, owner: OwnerId, lease: Duration) -> Result<bool, StoreError> {
        let mut conn = self.steps(Durability::Lease).await?;
        let sql = Sql::<Text>::new(
            "INSERT INTO leases (name, owner, until, created_at, updated_at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, \
             updated_at = excluded.updated_at WHERE leases.owner = excluded.owner OR leases.until <= ? \
             RETURNING name",
        )
        .text(name)
        .id(owner.0)
        .after(lease)
        .now()
        .now()
        .now();
        let held = rows!(&mut conn, sql => String);
        Ok(!conn.close_steps(held).await?.is_empty())
    }

    async fn let_go(&self, name: &str, owner: OwnerId) -> Result<(), StoreError> {
        let mut conn = self.steps(Durability::Lease).await?;
        let sql = Sql::new("DELETE FROM leases WHERE name = ? AND owner = ?")
            .text(name)
            .id(owner.0);
        let gone = conn.run(sql).await;
        conn.close_steps(gone).await.map(drop)
    }
}
