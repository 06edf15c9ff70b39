CREATE TYPE "ForgeKind" AS ENUM ('github', 'gitlab', 'gitea', 'builtin');
CREATE TYPE "BuildState" AS ENUM ('queued', 'checkout', 'building', 'deploying', 'live', 'failed', 'superseded', 'cancelled', 'skipped');
CREATE TYPE "DeploymentState" AS ENUM ('wanted', 'live', 'failed');
CREATE TYPE "CommitState" AS ENUM ('pending', 'success', 'failure', 'error');

CREATE TABLE "tenants" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "forge" "ForgeKind" NOT NULL,
    "forge_account_id" TEXT NOT NULL,
    "login" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "suspended_at" TIMESTAMPTZ(3),
    "removed_at" TIMESTAMPTZ(3),
    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tenants_slug_key" ON "tenants"("slug");
CREATE UNIQUE INDEX "tenants_forge_forge_account_id_key" ON "tenants"("forge", "forge_account_id");

CREATE TABLE "allowed_tenants" (
    "forge" "ForgeKind" NOT NULL,
    "login" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "allowed_tenants_pkey" PRIMARY KEY ("forge", "login")
);

CREATE TABLE "repositories" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "forge" "ForgeKind" NOT NULL,
    "forge_repository_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "is_private" BOOLEAN NOT NULL,
    "default_branch" TEXT NOT NULL,
    "deploy_branch" TEXT,
    "installation_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),
    CONSTRAINT "repositories_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "repositories_forge_forge_repository_id_key" ON "repositories"("forge", "forge_repository_id");
CREATE INDEX "repositories_tenant_id_idx" ON "repositories"("tenant_id");
ALTER TABLE "repositories" ADD CONSTRAINT "repositories_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "deliveries" (
    "forge" "ForgeKind" NOT NULL,
    "id" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "action" TEXT,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("forge", "id")
);
CREATE INDEX "deliveries_received_at_idx" ON "deliveries"("received_at");

CREATE TABLE "refs" (
    "repository_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "sha" TEXT NOT NULL,
    CONSTRAINT "refs_pkey" PRIMARY KEY ("repository_id", "name")
);
ALTER TABLE "refs" ADD CONSTRAINT "refs_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "pushes" (
    "id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "delivery_forge" "ForgeKind",
    "delivery_id" TEXT,
    "ref" TEXT NOT NULL,
    "sha" TEXT NOT NULL,
    "before" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "pusher" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "pushes_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "pushes_repository_id_ref_sequence_key" ON "pushes"("repository_id", "ref", "sequence");
ALTER TABLE "pushes" ADD CONSTRAINT "pushes_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "pushes" ADD CONSTRAINT "pushes_delivery_forge_delivery_id_fkey" FOREIGN KEY ("delivery_forge", "delivery_id") REFERENCES "deliveries"("forge", "id") ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE "builds" (
    "id" UUID NOT NULL,
    "push_id" UUID NOT NULL,
    "state" "BuildState" NOT NULL DEFAULT 'queued',
    "generation" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "failure" JSONB,
    "check_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "builds_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "builds_push_id_key" ON "builds"("push_id");
CREATE INDEX "builds_state_lease_until_idx" ON "builds"("state", "lease_until");
ALTER TABLE "builds" ADD CONSTRAINT "builds_push_id_fkey" FOREIGN KEY ("push_id") REFERENCES "pushes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "build_logs" (
    "build_id" UUID NOT NULL,
    "events" BYTEA NOT NULL,
    CONSTRAINT "build_logs_pkey" PRIMARY KEY ("build_id")
);
ALTER TABLE "build_logs" ADD CONSTRAINT "build_logs_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "functions" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "wanted_revision_id" UUID,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),
    CONSTRAINT "functions_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "functions_wanted_revision_id_key" ON "functions"("wanted_revision_id");
CREATE UNIQUE INDEX "functions_tenant_id_name_key" ON "functions"("tenant_id", "name");
CREATE INDEX "functions_repository_id_idx" ON "functions"("repository_id");
ALTER TABLE "functions" ADD CONSTRAINT "functions_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "functions" ADD CONSTRAINT "functions_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "revisions" (
    "id" UUID NOT NULL,
    "function_id" UUID NOT NULL,
    "build_id" UUID NOT NULL,
    "sha" TEXT NOT NULL,
    "image" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "spec" JSONB NOT NULL,
    "sequence" BIGINT NOT NULL,
    "state" "DeploymentState" NOT NULL DEFAULT 'wanted',
    "failure" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "revisions_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "revisions_build_id_function_id_key" ON "revisions"("build_id", "function_id");
CREATE INDEX "revisions_function_id_idx" ON "revisions"("function_id");
ALTER TABLE "revisions" ADD CONSTRAINT "revisions_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "revisions" ADD CONSTRAINT "revisions_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "functions" ADD CONSTRAINT "functions_wanted_revision_id_fkey" FOREIGN KEY ("wanted_revision_id") REFERENCES "revisions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE "aliases" (
    "function_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "revision_id" UUID NOT NULL,
    "sequence" BIGINT NOT NULL,
    "moved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "aliases_pkey" PRIMARY KEY ("function_id", "name")
);
ALTER TABLE "aliases" ADD CONSTRAINT "aliases_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "aliases" ADD CONSTRAINT "aliases_revision_id_fkey" FOREIGN KEY ("revision_id") REFERENCES "revisions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "reports" (
    "build_id" UUID NOT NULL,
    "context" TEXT NOT NULL,
    "state" "CommitState" NOT NULL,
    "description" TEXT NOT NULL,
    "target_url" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "sent" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "reports_pkey" PRIMARY KEY ("build_id", "context")
);
CREATE INDEX "reports_due_at_idx" ON "reports"("due_at");
ALTER TABLE "reports" ADD CONSTRAINT "reports_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "api_tokens" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "api_tokens_hash_key" ON "api_tokens"("hash");
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
