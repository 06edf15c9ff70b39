-- Values that functions get as files, sealed; and how often a tenant changed one.
ALTER TABLE "tenants" ADD COLUMN "secret_changes" INTEGER NOT NULL DEFAULT 0;

CREATE TABLE "secrets" (
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "key_id" TEXT NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "secrets_pkey" PRIMARY KEY ("tenant_id", "name")
);
CREATE INDEX "secrets_key_id_idx" ON "secrets"("key_id");
ALTER TABLE "secrets" ADD CONSTRAINT "secrets_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Why a changed secret did not reach what is live.
ALTER TABLE "aliases" ADD COLUMN "secrets_failure" TEXT;
