# The request's body is stdin, the answer is stdout; what the request says is in Http_* variables.
set -eu
echo "${Http_Method} ${Http_Path}"
tr '[:lower:]' '[:upper:]'
