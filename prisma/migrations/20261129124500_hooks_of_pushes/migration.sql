-- Which webhooks told of a push: the second time that one tells of a move, the ref has made it twice.
ALTER TABLE "pushes" ADD COLUMN "hooks" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
