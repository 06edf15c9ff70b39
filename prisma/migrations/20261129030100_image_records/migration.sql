-- What is known of how an image came about, by its digest: what it stood on. Of images of before nothing is.
CREATE TABLE "image_records" (
    "digest" TEXT NOT NULL,
    "bases" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "image_records_pkey" PRIMARY KEY ("digest")
);
