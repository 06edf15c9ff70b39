-- Whose a delivery is, what it meant, and what a replay of it did.
ALTER TABLE "deliveries"
    ADD COLUMN "entry_id" UUID,
    ADD COLUMN "forge_account_id" TEXT,
    ADD COLUMN "forge_repository_id" TEXT,
    ADD COLUMN "login" TEXT,
    ADD COLUMN "repository_name" TEXT,
    ADD COLUMN "events" JSONB,
    ADD COLUMN "replayed_at" TIMESTAMPTZ(3),
    ADD COLUMN "replay_outcome" TEXT,
    ADD COLUMN "replay_reason" TEXT;

-- Those of before get ids that sort by when they came, as UUIDs of version 7 do.
UPDATE "deliveries" SET "entry_id" = (
    lpad(to_hex((extract(epoch FROM "received_at") * 1000)::bigint), 12, '0')
    || '7' || substr(md5("forge"::text || "id"), 1, 3) || '8' || substr(md5("forge"::text || "id"), 4, 15)
)::uuid;
-- The default is for processes of before, which may still run during the upgrade.
ALTER TABLE "deliveries" ALTER COLUMN "entry_id" SET DEFAULT gen_random_uuid(), ALTER COLUMN "entry_id" SET NOT NULL;

-- Whose they are is known where they brought a push.
UPDATE "deliveries" d SET
    "forge_account_id" = t."forge_account_id", "login" = t."login",
    "forge_repository_id" = r."forge_repository_id", "repository_name" = r."name"
FROM "pushes" p
JOIN "repositories" r ON r."id" = p."repository_id"
JOIN "tenants" t ON t."id" = r."tenant_id"
WHERE p."delivery_forge" = d."forge" AND p."delivery_id" = d."id";

CREATE UNIQUE INDEX "deliveries_entry_id_key" ON "deliveries"("entry_id");
CREATE INDEX "deliveries_forge_forge_account_id_entry_id_idx" ON "deliveries"("forge", "forge_account_id", "entry_id");
CREATE INDEX "deliveries_forge_forge_repository_id_entry_id_idx" ON "deliveries"("forge", "forge_repository_id", "entry_id");
CREATE INDEX "pushes_delivery_forge_delivery_id_idx" ON "pushes"("delivery_forge", "delivery_id");
