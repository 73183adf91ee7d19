#!/bin/sh
# Prints the body of a request, made without any code of the agent:
#
#   seal.sh KEY PARAMETERS
#
# KEY is the client's key, 24 ASCII characters; PARAMETERS is a JSON text in UTF-8.
# The text is converted to GBK and encrypted with 3DES-CBC; the IV is the date in
# China. For example:
#
#   seal.sh 0123456789abcdefGHIJKLMN '{"plateNo":"闽D02000"}' |
#     curl -s -H 'user: …' -H 'pwd: …' --data-binary @- http://HOST:8099/api/ParkingPay/GetParkingPaymentInfo
set -eu

hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

day=$(TZ=CST-8 date +%Y%m%d)
data=$(printf %s "$2" | iconv -f UTF-8 -t GBK |
	openssl enc -des-ede3-cbc -K "$(hex "$1")" -iv "$(hex "$day")" | openssl base64 -A)
printf '{"data":"%s"}' "$data"
