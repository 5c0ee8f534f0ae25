#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
