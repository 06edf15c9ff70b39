-- What was live of a function when its repository went, while that can be undone.
ALTER TABLE "functions" ADD COLUMN "restorable_id" UUID;
