/* Lengths of the engine's lists. Part of engine.h. */
#ifndef ENGINE_LIMITS_H
#define ENGINE_LIMITS_H

enum {
    ENGINE_MAX_LAYERS = 128, /* in all, those within residual blocks too */
    ENGINE_MAX_VARIABLES = 96,
    ENGINE_MAX_CLASSES = 256, /* labels are stored as bytes */
    ENGINE_MAX_LIST = 16,
};

#endif
