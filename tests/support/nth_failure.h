// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_NTH_FAILURE_H
#define HS_TEST_NTH_FAILURE_H
/*
 * Makes the n-th call of a kind fail, and no other: malloc and its like, write, fsync, socket calls, files. The same
 * source twice: built into a test, whose own thread's calls are counted while it is armed; and as a library that is
 * preloaded into a program, where HS_NTH_FAILURE says which call of the process fails.
 *
 *   HS_NTH_FAILURE=allocation:17    or write, sync, socket, file; 0: none fails
 *   HS_NTH_REPORT=FILE              written when it did fail, with the place in the program
 *   HS_NTH_COUNT=FILE               how many such calls there were, at the end
 *
 * In a program only calls by our own code and by the libraries that it hands its texts to count (protobuf-c, yaml,
 * jansson, libevent): librdkafka and hiredis 0.14 end the process when they get no memory, which is their own matter.
 *
 * Threads: arming is for the calling thread alone. Blocks are counted while armed, so that a leak shows at once.
 */

#include <stdbool.h>

enum hs_nth_kind {
    HS_NTH_ALLOCATION =
        1, // malloc, calloc, realloc, aligned_alloc, posix_memalign, strdup, mmap, mremap: ENOMEM
    HS_NTH_WRITE = 2,  // write, fwrite, fflush, fclose, ftruncate, of files: ENOSPC
    HS_NTH_SYNC = 4,   // fsync, fdatasync: EIO
    HS_NTH_SOCKET = 8, // socket, connect, send, recv, poll: ECONNRESET
    HS_NTH_FILE = 16,  // open, fopen, rename, mkdir: EACCES
    HS_NTH_OWN = 32,   // with others, of a test: calls by its own program alone, none by libraries
};

// The n-th call of these kinds by this thread from now on fails; 0: none does, they are counted.
void hs_nth_arm(unsigned kinds, unsigned long n);
// Ends it; returns how many such calls there were.
unsigned long hs_nth_disarm(void);
// Whether the call that should fail did, since it was armed last.
bool hs_nth_failed(void);
// Where it was called, for addr2line: "program +0x1234".
void hs_nth_place(char *ret_text, unsigned long size);
// Blocks allocated less those freed by this thread since it was armed.
long hs_nth_blocks(void);

#endif
