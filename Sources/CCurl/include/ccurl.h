#ifndef SEALANE_CCURL_H
#define SEALANE_CCURL_H
#endif
