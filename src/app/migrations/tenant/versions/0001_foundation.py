"""Feedback, people, publication, outbox, deliveries, audit."""

from alembic import op

from app.migrations.privileges import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE SEQUENCE feedback_number AS bigint
    """,
    """
    CREATE TABLE audit (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        action TEXT NOT NULL,
        actor_kind TEXT NOT NULL,
        actor_id BIGINT,
        target_type TEXT NOT NULL,
        target_id BIGINT,
        details JSONB DEFAULT '{}' NOT NULL,
        correlation_id TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_audit PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX ix_audit_at ON audit (at)
    """,
    """
    CREATE INDEX ix_audit_target ON audit (target_type, target_id)
    """,
    """
    CREATE TABLE outbox (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        event TEXT NOT NULL,
        payload JSONB NOT NULL,
        state TEXT DEFAULT 'pending' NOT NULL,
        available_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        attempts INTEGER DEFAULT 0 NOT NULL,
        last_error TEXT,
        done_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_outbox PRIMARY KEY (id),
        CONSTRAINT ck_outbox_state CHECK (state in ('pending', 'done', 'held'))
    )
    """,
    """
    CREATE INDEX ix_outbox_pending ON outbox (available_at, id) WHERE state = 'pending'
    """,
    """
    CREATE TABLE staff (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        language TEXT NOT NULL,
        password_hash TEXT,
        is_active BOOLEAN DEFAULT true NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        modified_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_staff PRIMARY KEY (id),
        CONSTRAINT ck_staff_email_lower CHECK (email = lower(email)),
        CONSTRAINT uq_staff_email UNIQUE (email)
    )
    """,
    """
    CREATE UNLOGGED TABLE throttle (
        key BYTEA NOT NULL,
        count INTEGER NOT NULL,
        window_ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_throttle PRIMARY KEY (key)
    )
    """,
    """
    CREATE TABLE feedback (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        reference TEXT NOT NULL,
        tracking_hash BYTEA NOT NULL,
        idempotency_hash BYTEA NOT NULL,
        request_hash BYTEA NOT NULL,
        kind TEXT NOT NULL,
        category TEXT NOT NULL,
        channel TEXT NOT NULL,
        text TEXT NOT NULL,
        language TEXT NOT NULL,
        lat DOUBLE PRECISION,
        lon DOUBLE PRECISION,
        address TEXT,
        status TEXT DEFAULT 'received' NOT NULL,
        version INTEGER DEFAULT 1 NOT NULL,
        unit TEXT NOT NULL,
        department TEXT NOT NULL,
        assignee_id BIGINT,
        wants_reply BOOLEAN NOT NULL,
        answer_promised BOOLEAN NOT NULL,
        answer_working_days INTEGER NOT NULL,
        permission TEXT NOT NULL,
        nickname TEXT,
        permission_withdrawn_at TIMESTAMP WITH TIME ZONE,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        paused_at TIMESTAMP WITH TIME ZONE,
        closed_at TIMESTAMP WITH TIME ZONE,
        answered_at TIMESTAMP WITH TIME ZONE,
        closing_reason TEXT,
        authority TEXT,
        merged_into_id BIGINT,
        registry_due_on DATE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        modified_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_feedback PRIMARY KEY (id),
        CONSTRAINT ck_feedback_kind CHECK (kind in ('thanks', 'feedback', 'question', 'proposal', 'fault')),
        CONSTRAINT ck_feedback_channel CHECK (channel in ('web', 'api', 'phone', 'counter', 'email', 'social', 'import')),
        CONSTRAINT ck_feedback_permission CHECK (permission in ('none', 'anonymous', 'nickname')),
        CONSTRAINT ck_feedback_status CHECK (status in ('received', 'in_progress', 'waiting_for_resident', 'planned', 'answered', 'handled', 'transferred', 'rejected', 'merged')),
        CONSTRAINT ck_feedback_point CHECK ((lat is null) = (lon is null)),
        CONSTRAINT uq_feedback_reference UNIQUE (reference),
        CONSTRAINT uq_feedback_tracking_hash UNIQUE (tracking_hash),
        CONSTRAINT uq_feedback_idempotency_hash UNIQUE (idempotency_hash),
        CONSTRAINT fk_feedback_assignee_id FOREIGN KEY(assignee_id) REFERENCES staff (id),
        CONSTRAINT fk_feedback_merged_into_id FOREIGN KEY(merged_into_id) REFERENCES feedback (id)
    )
    """,
    """
    CREATE INDEX ix_feedback_assignee_id ON feedback (assignee_id) WHERE assignee_id is not null
    """,
    """
    CREATE INDEX ix_feedback_merged_into_id ON feedback (merged_into_id) WHERE merged_into_id is not null
    """,
    """
    CREATE INDEX ix_feedback_received ON feedback (received_at, id)
    """,
    """
    CREATE INDEX ix_feedback_unit_status_received ON feedback (unit, status, received_at)
    """,
    """
    CREATE TABLE session (
        id_hash BYTEA NOT NULL,
        staff_id BIGINT,
        feedback_id BIGINT,
        seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_session PRIMARY KEY (id_hash),
        CONSTRAINT ck_session_whose CHECK ((staff_id is null) <> (feedback_id is null)),
        CONSTRAINT fk_session_staff_id FOREIGN KEY(staff_id) REFERENCES staff (id)
    )
    """,
    """
    CREATE INDEX ix_session_expires_at ON session (expires_at)
    """,
    """
    CREATE INDEX ix_session_feedback_id ON session (feedback_id)
    """,
    """
    CREATE INDEX ix_session_staff_id ON session (staff_id)
    """,
    """
    CREATE TABLE staff_role (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        staff_id BIGINT NOT NULL,
        role TEXT NOT NULL,
        unit TEXT,
        department TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_staff_role PRIMARY KEY (id),
        CONSTRAINT ck_staff_role_role CHECK (role in ('handler', 'lead', 'publisher', 'admin', 'auditor')),
        CONSTRAINT ck_staff_role_handler_unit CHECK ((role = 'handler') = (unit is not null)),
        CONSTRAINT ck_staff_role_lead_department CHECK ((role = 'lead') = (department is not null)),
        CONSTRAINT uq_staff_role_staff_id_role_unit_department UNIQUE NULLS NOT DISTINCT (staff_id, role, unit, department),
        CONSTRAINT fk_staff_role_staff_id FOREIGN KEY(staff_id) REFERENCES staff (id)
    )
    """,
    """
    CREATE TABLE contact (
        feedback_id BIGINT NOT NULL,
        name TEXT,
        email TEXT,
        phone TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_contact PRIMARY KEY (feedback_id),
        CONSTRAINT fk_contact_feedback_id FOREIGN KEY(feedback_id) REFERENCES feedback (id)
    )
    """,
    """
    CREATE TABLE history (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        feedback_id BIGINT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        actor_kind TEXT NOT NULL,
        actor_id BIGINT,
        action TEXT NOT NULL,
        changes JSONB DEFAULT '{}' NOT NULL,
        note TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_history PRIMARY KEY (id),
        CONSTRAINT ck_history_actor_kind CHECK (actor_kind in ('resident', 'staff', 'system', 'api_client')),
        CONSTRAINT fk_history_feedback_id FOREIGN KEY(feedback_id) REFERENCES feedback (id)
    )
    """,
    """
    CREATE INDEX ix_history_feedback_id ON history (feedback_id)
    """,
    """
    CREATE TABLE message (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        feedback_id BIGINT NOT NULL,
        kind TEXT NOT NULL,
        author_id BIGINT,
        text TEXT NOT NULL,
        language TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_message PRIMARY KEY (id),
        CONSTRAINT ck_message_kind CHECK (kind in ('answer', 'interim_reply', 'question', 'resident_message', 'comment')),
        CONSTRAINT fk_message_feedback_id FOREIGN KEY(feedback_id) REFERENCES feedback (id),
        CONSTRAINT fk_message_author_id FOREIGN KEY(author_id) REFERENCES staff (id)
    )
    """,
    """
    CREATE INDEX ix_message_author_id ON message (author_id)
    """,
    """
    CREATE INDEX ix_message_feedback_id ON message (feedback_id)
    """,
    """
    CREATE TABLE photo (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        feedback_id BIGINT NOT NULL,
        storage_key TEXT NOT NULL,
        media_type TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        sha256 BYTEA NOT NULL,
        alt_text TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_photo PRIMARY KEY (id),
        CONSTRAINT fk_photo_feedback_id FOREIGN KEY(feedback_id) REFERENCES feedback (id),
        CONSTRAINT uq_photo_storage_key UNIQUE (storage_key)
    )
    """,
    """
    CREATE INDEX ix_photo_feedback_id ON photo (feedback_id)
    """,
    """
    CREATE TABLE routing_decision (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        feedback_id BIGINT NOT NULL,
        unit TEXT NOT NULL,
        department TEXT NOT NULL,
        path JSONB DEFAULT '[]' NOT NULL,
        config_version TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_routing_decision PRIMARY KEY (id),
        CONSTRAINT fk_routing_decision_feedback_id FOREIGN KEY(feedback_id) REFERENCES feedback (id)
    )
    """,
    """
    CREATE INDEX ix_routing_decision_feedback_id ON routing_decision (feedback_id)
    """,
    """
    CREATE TABLE delivery (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        dedupe_key TEXT NOT NULL,
        feedback_id BIGINT,
        message_id BIGINT,
        staff_id BIGINT,
        channel TEXT NOT NULL,
        template TEXT NOT NULL,
        recipient TEXT NOT NULL,
        language TEXT NOT NULL,
        state TEXT DEFAULT 'scheduled' NOT NULL,
        attempts INTEGER DEFAULT 0 NOT NULL,
        next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        reason TEXT,
        delivered_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_delivery PRIMARY KEY (id),
        CONSTRAINT ck_delivery_state CHECK (state in ('scheduled', 'sending', 'delivered', 'undeliverable')),
        CONSTRAINT ck_delivery_reason CHECK (state <> 'undeliverable' or reason is not null),
        CONSTRAINT uq_delivery_dedupe_key UNIQUE (dedupe_key),
        CONSTRAINT fk_delivery_feedback_id FOREIGN KEY(feedback_id) REFERENCES feedback (id),
        CONSTRAINT fk_delivery_message_id FOREIGN KEY(message_id) REFERENCES message (id),
        CONSTRAINT fk_delivery_staff_id FOREIGN KEY(staff_id) REFERENCES staff (id)
    )
    """,
    """
    CREATE INDEX ix_delivery_due ON delivery (next_attempt_at, id) WHERE state in ('scheduled', 'sending')
    """,
    """
    CREATE INDEX ix_delivery_feedback_id ON delivery (feedback_id)
    """,
    """
    CREATE INDEX ix_delivery_message_id ON delivery (message_id)
    """,
    """
    CREATE INDEX ix_delivery_staff_id ON delivery (staff_id)
    """,
    """
    CREATE TABLE publication (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        feedback_id BIGINT NOT NULL,
        message_id BIGINT,
        state TEXT NOT NULL,
        public_text TEXT,
        shown_name TEXT,
        reason TEXT,
        decided_by_id BIGINT,
        decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
        published_at TIMESTAMP WITH TIME ZONE,
        version INTEGER DEFAULT 1 NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        modified_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_publication PRIMARY KEY (id),
        CONSTRAINT ck_publication_state CHECK (state in ('published', 'withheld', 'withdrawn')),
        CONSTRAINT ck_publication_copy CHECK (state <> 'published' or (public_text is not null and published_at is not null)),
        CONSTRAINT ck_publication_reason CHECK (state = 'published' or reason is not null),
        CONSTRAINT uq_publication_feedback_id_message_id UNIQUE NULLS NOT DISTINCT (feedback_id, message_id),
        CONSTRAINT fk_publication_feedback_id FOREIGN KEY(feedback_id) REFERENCES feedback (id),
        CONSTRAINT fk_publication_message_id FOREIGN KEY(message_id) REFERENCES message (id),
        CONSTRAINT fk_publication_decided_by_id FOREIGN KEY(decided_by_id) REFERENCES staff (id)
    )
    """,
    """
    CREATE INDEX ix_publication_decided_by_id ON publication (decided_by_id)
    """,
    """
    CREATE INDEX ix_publication_message_id ON publication (message_id)
    """,
    """
    CREATE INDEX ix_publication_published ON publication (published_at, id) WHERE state = 'published' and message_id is null
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    append_only("history")
    append_only("routing_decision")
    append_only("audit")


def downgrade() -> None:
    op.execute("DROP TABLE publication")
    op.execute("DROP TABLE delivery")
    op.execute("DROP TABLE routing_decision")
    op.execute("DROP TABLE photo")
    op.execute("DROP TABLE message")
    op.execute("DROP TABLE history")
    op.execute("DROP TABLE contact")
    op.execute("DROP TABLE staff_role")
    op.execute("DROP TABLE session")
    op.execute("DROP TABLE feedback")
    op.execute("DROP TABLE throttle")
    op.execute("DROP TABLE staff")
    op.execute("DROP TABLE outbox")
    op.execute("DROP TABLE audit")
    op.execute("DROP SEQUENCE feedback_number")
