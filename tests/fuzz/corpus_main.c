// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over every file of the folders given: how its corpus is a test under CTest.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A copy of exactly the file's size, so that a sanitizer sees a read beyond it.
static int run_file(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "cannot read '%s'\n", path);
        if (file) {
            fclose(file);
        }
        return 1;
    }
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size ? size : 1);
    int failed = !data || fread(data, 1, size, file) != size;
    fclose(file);
    if (!failed) {
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return failed;
}

static int run_folder(const char *folder, unsigned *ret_files)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        fprintf(stderr, "cannot open the folder '%s'\n", folder);
        return 1;
    }
    int failed = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
            failed |= run_file(path);
            (*ret_files)++;
        }
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    int failed = argc < 2;
    for (int i = 1; i < argc; i++) {
        failed |= run_folder(argv[i], &files);
    }
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%u files\n", files);
    return failed || files == 0;
}
