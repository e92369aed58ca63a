#include "tests/unit/softgpu_rig.h"
Suite *suite_softgpu_batch(void)
{
	return suite_create("batch");
}
