//! The tables, for both databases. Work tables are written and read by [`crate::sql`]; only what the
//! query builder needs of them is here.

diesel::table! {
    use diesel::sql_types::{BigInt, Integer};
    schema_info (id) {
        id -> Integer,
        version -> Integer,
        min_compatible -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    desks (channel) {
        channel -> Text,
        bot_id -> BigInt,
    }
}

diesel::table! {
    use crate::types::{Moment, Uuid};
    use diesel::sql_types::{Bool, Text};
    agents (id) {
        id -> Uuid,
        display_name -> Text,
        role -> Text,
        active -> Bool,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Moment, Uuid};
    use diesel::sql_types::{Nullable, Text};
    api_tokens (id) {
        id -> Uuid,
        agent_id -> Uuid,
        name -> Text,
        hash -> Text,
        prefix -> Text,
        expires_at -> Nullable<Moment>,
        last_used_at -> Nullable<Moment>,
        revoked_at -> Nullable<Moment>,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Json, Moment};
    use diesel::sql_types::{BigInt, Text};
    audit_log (id) {
        id -> BigInt,
        at -> Moment,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Json,
        prev_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    use crate::types::{Moment, Uuid};
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    clients (id) {
        id -> Uuid,
        bot_id -> BigInt,
        channel -> Text,
        user_id -> BigInt,
        chat_id -> BigInt,
        username -> Nullable<Text>,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        language -> Nullable<Text>,
        disclosure_version -> Nullable<Text>,
        disclosed_at -> Nullable<Moment>,
        reachable -> Bool,
        banned_at -> Nullable<Moment>,
        banned_by -> Nullable<Text>,
        source -> Nullable<Text>,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Json, Moment, Uuid};
    use diesel::sql_types::{BigInt, Nullable, Text};
    conversations (id) {
        id -> Uuid,
        channel -> Text,
        client_id -> Uuid,
        version -> BigInt,
        status -> Text,
        lead_score -> Nullable<Text>,
        last_message_at -> Nullable<Moment>,
        escalated_at -> Nullable<Moment>,
        closed_at -> Nullable<Moment>,
        escalated_to_agent_id -> Nullable<Uuid>,
        owner -> Text,
        owner_epoch -> BigInt,
        agents_topic_id -> Nullable<BigInt>,
        last_seq -> BigInt,
        metadata -> Json,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Json, Moment, Uuid};
    use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text};
    messages (id) {
        id -> Uuid,
        conversation_id -> Uuid,
        sender_type -> Text,
        sender_id -> Nullable<Uuid>,
        seq -> BigInt,
        content -> Text,
        content_type -> Text,
        intent -> Nullable<Text>,
        intent_score -> Nullable<Double>,
        reply_to -> Nullable<Uuid>,
        llm_used -> Bool,
        llm_model -> Nullable<Text>,
        llm_tokens_in -> Nullable<BigInt>,
        llm_tokens_out -> Nullable<BigInt>,
        llm_latency_ms -> Nullable<BigInt>,
        llm_confidence -> Nullable<Double>,
        llm_cost_micros -> Nullable<BigInt>,
        knowledge_version -> Nullable<Text>,
        edited_at -> Nullable<Moment>,
        metadata -> Json,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::Uuid;
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    message_deliveries (bot_id, channel, chat_id, direction, channel_message_id) {
        message_id -> Uuid,
        part -> Integer,
        bot_id -> BigInt,
        channel -> Text,
        chat_id -> BigInt,
        thread_id -> Nullable<BigInt>,
        direction -> Text,
        channel_message_id -> BigInt,
    }
}

diesel::table! {
    use crate::types::{Json, Moment, Uuid};
    use diesel::sql_types::{BigInt, Nullable, Text};
    leads (id) {
        id -> Uuid,
        conversation_id -> Uuid,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        company -> Nullable<Text>,
        phone -> Nullable<Text>,
        project_type -> Nullable<Text>,
        project_description -> Nullable<Text>,
        budget_range -> Text,
        timeline -> Nullable<Text>,
        lead_score -> Text,
        score_points -> BigInt,
        score_reasons -> Json,
        rubric_version -> Nullable<Text>,
        lead_source -> Text,
        lead_stage -> Text,
        lost_reason -> Nullable<Text>,
        fields -> Json,
        form -> Json,
        consent_at -> Nullable<Moment>,
        consent_version -> Nullable<Text>,
        contacted_at -> Nullable<Moment>,
        converted_at -> Nullable<Moment>,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Moment, Uuid};
    use diesel::sql_types::{BigInt, Nullable, Text};
    lead_stage_history (id) {
        id -> BigInt,
        lead_id -> Uuid,
        from_stage -> Nullable<Text>,
        to_stage -> Text,
        changed_by -> Text,
        reason -> Nullable<Text>,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Json, Moment, Uuid};
    use diesel::sql_types::BigInt;
    sessions (client_id) {
        client_id -> Uuid,
        state -> Json,
        expires_at -> Moment,
        version -> BigInt,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Moment, Uuid};
    use diesel::sql_types::{BigInt, Nullable, Text};
    attachments (id) {
        id -> Uuid,
        conversation_id -> Uuid,
        message_id -> Uuid,
        kind -> Text,
        file_name -> Nullable<Text>,
        mime_declared -> Nullable<Text>,
        mime_detected -> Nullable<Text>,
        size_bytes -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
        storage_key -> Nullable<Text>,
        status -> Text,
        refusal -> Nullable<Text>,
        media_group_id -> Nullable<Text>,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::types::{Json, Moment, Uuid};
    use diesel::sql_types::{BigInt, Bool, Text};
    knowledge_entries (id) {
        id -> Uuid,
        locale -> Text,
        slug -> Text,
        questions -> Json,
        answer -> Text,
        buttons -> Json,
        enabled -> Bool,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::joinable!(api_tokens -> agents (agent_id));
diesel::allow_tables_to_appear_in_same_query!(agents, api_tokens);
diesel::joinable!(conversations -> clients (client_id));
diesel::joinable!(leads -> conversations (conversation_id));

diesel::allow_tables_to_appear_in_same_query!(
    clients,
    conversations,
    messages,
    message_deliveries,
    leads,
    lead_stage_history,
    sessions,
);
