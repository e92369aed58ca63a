/* SPDX-License-Identifier: MIT */
/* Reports of the observation architecture. */
#ifndef CORE_HW_OA_H
#define CORE_HW_OA_H

#include "core/base/types.h"

/** gvt_oa_report_dwords() - dwords of one report when OACONTROL is @control. */
u32 gvt_oa_report_dwords(u32 control);

#endif
