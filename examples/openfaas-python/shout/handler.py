import os


def handle(event, context):
    text = event.body.decode("utf-8") or event.query.get("text", "hello")
    return {
        "statusCode": 200,
        "body": text.upper() + os.getenv("punctuation", ""),
        "headers": {
            "Content-Type": "text/plain"
        }
    }
