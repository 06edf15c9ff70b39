-- Images that revisions were made of, by what went into them: the same inputs are not built again.
CREATE TABLE "images" (
    "tenant_id" UUID NOT NULL,
    "inputs" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "images_pkey" PRIMARY KEY ("tenant_id", "inputs")
);
CREATE INDEX "images_digest_idx" ON "images"("digest");
CREATE INDEX "revisions_digest_idx" ON "revisions"("digest");
ALTER TABLE "images" ADD CONSTRAINT "images_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
