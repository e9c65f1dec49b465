// I10: the copies of the journal. Up to what is stored, and therefore was committed, no copy has another frame than
// the journal that is played: no frame of an earlier epoch stayed behind a later one's start, and no copy went its
// own way. A copy may begin later, where it was trimmed: what it says lies before is then what the journal has there.
// It may end earlier: one that was not in the in-sync set, whose history nobody keeps. A deposed leader's file may
// end with a few frames that no other copy took. Plain function.
#pragma once

#include "tools/xtraderctl/journal/journal_source.h"
#include "tools/xtraderctl/verify/check.h"

namespace xt::ctl {

// `played`: the journal, with the end that `copy` of `copies` has. `committed`: of the database; 0 when there is
// none. Copies that cannot be read are told and passed over.
Verdict CompareCopies(const CopySources& copies, const CopySource& copy, JournalSource& played,
                      domain::SequenceNumber committed);

}  // namespace xt::ctl
