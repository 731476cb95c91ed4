// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TESTS_CONTRACT_TYPES_H
#define HS_TESTS_CONTRACT_TYPES_H
/*
 * The contract's messages by name, for tests of the wire.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/str.h"

// The message of that short name, "Alert"; NULL when there is none.
const ProtobufCMessageDescriptor *contract_type(struct hs_str name);

#endif
