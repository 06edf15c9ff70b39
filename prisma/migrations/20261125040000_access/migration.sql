-- What operators gave one tenant instead of the cloud's own limits.
ALTER TABLE "tenants" ADD COLUMN "limits" JSONB;

-- Hosts that tenants bring themselves. Many may claim a name; who has proved it holds it, and only one can.
CREATE TABLE "domains" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "function" TEXT,
    "token" TEXT NOT NULL,
    "held_name" TEXT,
    "verified_at" TIMESTAMPTZ(3),
    "checked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "domains_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "domains_tenant_id_name_key" ON "domains"("tenant_id", "name");
CREATE UNIQUE INDEX "domains_held_name_key" ON "domains"("held_name");
ALTER TABLE "domains" ADD CONSTRAINT "domains_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
