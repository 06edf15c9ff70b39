-- What a build's commit holds but for the files that its tenant ignores, to tell whether a push changes anything else.
ALTER TABLE "builds" ADD COLUMN "tree" TEXT;
