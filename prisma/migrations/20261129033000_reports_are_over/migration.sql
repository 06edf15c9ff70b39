-- Deployments whose environment shows them no more.
ALTER TABLE "reports" ADD COLUMN "is_over" BOOLEAN NOT NULL DEFAULT false;
