#include "tests/unit/softgpu_rig.h"
Suite *suite_softgpu_mi(void)
{
	return suite_create("mi");
}
