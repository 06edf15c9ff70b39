-- By what secrets are sealed that stand in a tenant's repositories.
CREATE TABLE "sealing_keys" (
    "tenant_id" UUID NOT NULL,
    "public_key" BYTEA NOT NULL,
    "key_id" TEXT NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "sealing_keys_pkey" PRIMARY KEY ("tenant_id")
);
CREATE INDEX "sealing_keys_key_id_idx" ON "sealing_keys"("key_id");
ALTER TABLE "sealing_keys" ADD CONSTRAINT "sealing_keys_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
