-- What is live is built again on a new base, by one command of the operators.
ALTER TYPE "PushTrigger" ADD VALUE 'rebuild';
CREATE TYPE "RebuildState" AS ENUM ('waiting', 'building', 'done', 'failed', 'moved');
CREATE TABLE "rebuilds" (
    "id" UUID NOT NULL,
    "base" TEXT,
    "tenants" JSONB,
    "bases" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "rebuilds_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "rebuilds_finished_at_idx" ON "rebuilds"("finished_at");
CREATE TABLE "rebuild_items" (
    "rebuild_id" UUID NOT NULL,
    "function_id" UUID NOT NULL,
    "state" "RebuildState" NOT NULL DEFAULT 'waiting',
    "revision_id" UUID,
    "build_id" UUID,
    "reason" TEXT,
    "started_at" TIMESTAMPTZ(3),
    CONSTRAINT "rebuild_items_pkey" PRIMARY KEY ("rebuild_id", "function_id")
);
CREATE INDEX "rebuild_items_build_id_idx" ON "rebuild_items"("build_id");
ALTER TABLE "rebuild_items" ADD CONSTRAINT "rebuild_items_rebuild_id_fkey" FOREIGN KEY ("rebuild_id") REFERENCES "rebuilds"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "rebuild_items" ADD CONSTRAINT "rebuild_items_function_id_fkey" FOREIGN KEY ("function_id") REFERENCES "functions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "rebuild_items" ADD CONSTRAINT "rebuild_items_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE SET NULL ON UPDATE CASCADE;
