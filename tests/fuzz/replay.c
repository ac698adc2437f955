/* Feeds every file of the folders and files named to a fuzz target, once each. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t n_replayed;

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    uint8_t *data = NULL;
    size_t size = 0, got = 0;
    do {
        size += 65536;
        data = realloc(data, size);
        if (!data)
            abort();
        got += fread(data + got, 1, size - got, file);
    } while (got == size);
    (void)fclose(file);
    /* An exact copy, so that a read past the end is seen by the sanitizer. */
    uint8_t *exact = malloc(got ? got : 1);
    if (!exact)
        abort();
    for (size_t i = 0; i < got; i++)
        exact[i] = data[i];
    free(data);
    (void)LLVMFuzzerTestOneInput(exact, got);
    free(exact);
    n_replayed++;
    return 0;
}

static int replay(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return replay_file(path);
    int rc = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char name[4096];
        struct stat st;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && stat(name, &st) == 0 && S_ISREG(st.st_mode))
            rc |= replay_file(name);
    }
    (void)closedir(dir);
    return rc;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (replay(argv[i])) {
            (void)fprintf(stderr, "cannot read %s\n", argv[i]);
            return 1;
        }
    (void)printf("%zu inputs replayed\n", n_replayed);
    return n_replayed ? 0 : 1;
}
