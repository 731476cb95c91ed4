#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes a small authority and certificates for brokers on loopback, for tests.
#
#   tests/support/certificates.sh FOLDER
#
# ca.pem          the authority; stranger.pem is another one
# sound.pem       key and certificate for 127.0.0.1
# expired.pem     the same, a certificate of yesteryear
# renewed.pem     the same as sound.pem, made anew
# moved.pem       likewise, by the authority stranger.pem
set -eu
cd "$1"

authority() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=hitstream $1" \
        -keyout "$1.key" -out "$1.pem"
}

authority ca
authority stranger
printf '%s\n' '[ca]' 'default_ca=ours' '[ours]' 'database=index' 'serial=serial' 'new_certs_dir=.' \
    'default_md=sha256' 'policy=any' 'copy_extensions=copy' '[any]' 'commonName=supplied' >ca.cnf
: >index
echo 01 >serial

broker() { # NAME AUTHORITY FROM TO
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$1.key" -out "$1.csr"
    openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -startdate "$3" -enddate "$4" \
        -in "$1.csr" -out "$1.crt"
    cat "$1.key" "$1.crt" >"$1.pem"
}

broker sound ca 20200101000000Z 20991231000000Z
broker expired ca 20200101000000Z 20210101000000Z
broker renewed ca 20200101000000Z 20991231000000Z
broker moved stranger 20200101000000Z 20991231000000Z
