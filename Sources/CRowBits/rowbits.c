#include "rowbits.h"
