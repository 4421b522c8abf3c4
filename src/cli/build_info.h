/* Which program this is. Generated at every build: build_info.c.in. */
#ifndef CLI_BUILD_INFO_H
#define CLI_BUILD_INFO_H

extern const char build_version[]; /* "mpisweep 1.0.0-rc1" */
extern const char build_commit[];  /* "0123456789ab", with "-dirty" when files differ from it; "unknown" */
extern const char build_program[]; /* both: "mpisweep 1.0.0-rc1 (0123456789ab)" */

#endif
