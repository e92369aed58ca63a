#include "tests/unit/softgpu_rig.h"
Suite *suite_softgpu_mem(void)
{
	return suite_create("mem");
}
