#include "engine/checkpoint.h"

#include "engine/record/recorder.h"

#include <string.h>

enum { CHECKPOINT_MAGIC = 0x4b43534d, CHECKPOINT_VERSION = 1 }; /* "MSCK" */

typedef struct checkpoint_header {
    uint32_t magic, version;
    uint64_t progress_bytes, kept_bytes, value_bytes;
} checkpoint_header;

static checkpoint_header header_of(const trainer *t) {
    return (checkpoint_header){CHECKPOINT_MAGIC, CHECKPOINT_VERSION, sizeof t->progress, t->kept_bytes,
                               t->recorder.layout->value_count * sizeof *t->recorder.values};
}

static size_t checkpoint_bytes(const checkpoint_header *h) {
    return sizeof *h + h->progress_bytes + h->kept_bytes + h->value_bytes;
}

static unsigned char *append(unsigned char *at, const void *bytes, size_t size) {
    if (size > 0)
        memcpy(at, bytes, size);
    return at + size;
}

static const unsigned char *extract(const unsigned char *at, void *bytes, size_t size) {
    if (size > 0)
        memcpy(bytes, at, size);
    return at + size;
}

status checkpoint_save(trainer *t, arena *out, size_t *size, error_info *error) {
    recorder_settle(t);
    const checkpoint_header header = header_of(t);
    RETURN_IF_FAILED(arena_reserve(out, checkpoint_bytes(&header), error));
    training_progress progress = t->progress;
    progress.seconds = trainer_seconds(t);
    unsigned char *at = append(out->memory, &header, sizeof header);
    at = append(at, &progress, header.progress_bytes);
    for (int i = 0; i < KEPT_BLOCKS; i++)
        at = append(at, t->kept[i].bytes, t->kept[i].size);
    append(at, t->recorder.values, header.value_bytes);
    *size = checkpoint_bytes(&header);
    return STATUS_OK;
}

/* Nothing outside these bounds may reach the training, whatever wrote the bytes. */
static bool is_possible(const trainer *t, const training_progress *p) {
    const uint64_t samples = trainer_epoch_samples(t->spec, t->data), batch = trainer_batch(t->spec, t->data);
    const uint64_t epochs = (uint64_t)t->spec->epochs, steps = (samples + batch - 1) / batch * epochs;
    return p->stage < STAGE_COUNT && p->outcome <= TRAINING_DIVERGED && p->steps <= steps &&
           (p->epoch < epochs || (epochs == 0 && p->epoch == 0 && p->stage >= STAGE_NOTE_EPOCH)) &&
           (p->position < samples || (p->position == samples && p->stage != STAGE_STEP));
}

bool checkpoint_restore(trainer *t, const void *bytes, size_t size) {
    const checkpoint_header expected = header_of(t);
    training_progress progress;
    const unsigned char *at = bytes;
    if (bytes == NULL || size != checkpoint_bytes(&expected) || memcmp(at, &expected, sizeof expected) != 0)
        return false;
    at += sizeof expected;
    at = extract(at, &progress, sizeof progress);
    if (!is_possible(t, &progress))
        return false;
    t->progress = progress;
    for (int i = 0; i < KEPT_BLOCKS; i++)
        at = extract(at, t->kept[i].bytes, t->kept[i].size);
    extract(at, t->recorder.values, expected.value_bytes);
    return true;
}
