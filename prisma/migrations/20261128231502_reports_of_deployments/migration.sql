-- A deployment is told as words on commits are: newest first, once, as often as it takes.
ALTER TABLE "reports" ADD COLUMN "environment" TEXT;
