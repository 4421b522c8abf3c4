/* In place of libFuzzer: replay FILE_OR_DIRECTORY... gives every file to the fuzzing program it is linked to.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static size_t replayed;

static int replay(const char *path, const struct stat *info, int type, struct FTW *position) {
    (void)position;
    if (type != FTW_F)
        return 0;
    const size_t size = (size_t)info->st_size;
    uint8_t *input = malloc(size + 1);
    FILE *stream = fopen(path, "rb");
    if (input == NULL || stream == NULL || fread(input, 1, size, stream) != size) {
        perror(path);
        exit(1);
    }
    fclose(stream);
    fprintf(stderr, "%s\n", path); /* the last one named is the one that failed */
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    replayed++;
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (nftw(argv[i], replay, 8, FTW_PHYS) != 0) {
            perror(argv[i]);
            return 1;
        }
    fprintf(stderr, "%zu inputs\n", replayed);
    return replayed > 0 ? 0 : 1;
}
