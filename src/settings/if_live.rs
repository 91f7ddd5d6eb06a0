//! What is to be done where something went live that was to be stopped.

use super::Common;
use super::common::{PREVIOUS, ROLL_BACK};
use super::target::Target;
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::CanRollBack;
use crate::model::id::Id;
use crate::platform::PlatformInfo;
use crate::run::IfLive;
use crate::select::Select;

/// What the inputs about going back say, where that is wanted.
pub(super) fn judge(
    values: &Values,
    entry: &'static PlatformInfo,
    common: &Common,
    target: &Target,
    faults: &mut Faults,
) -> Option<IfLive> {
    let to = values.parsed("roll_back_to", faults, |text| match text {
        _ if text.eq_ignore_ascii_case(PREVIOUS) => Ok(None),
        _ => Id::parse(text).and_then(|id| entry.addresses.read_id(&id)).map(Some),
    });
    remark(values, common, faults);
    if !common.rolls_back {
        return None;
    }
    let selector = match target {
        Target::Ids(_) => None,
        Target::Selection { selector, .. } => Some(selector),
    };
    let name = entry.about.name;
    let info = match &entry.about.roll_back {
        CanRollBack::Yes(info) => Some(info),
        CanRollBack::No(why) => {
            let text = format!("cannot be \"{ROLL_BACK}\" on {name}, so leave it out there: {why}");
            faults.add(values.given("if_live"), "if_live", text);
            None
        }
    };
    for (is_wrong, why) in [
        (
            selector.is_some_and(|it| it.select == Select::Superseded),
            "with `select: superseded`: a newer deployment takes the place of one that goes live; use \"report\"",
        ),
        (!common.wait, "with `wait: false`, which does not see what goes live: leave `wait` out, or use \"report\""),
    ] {
        if is_wrong {
            faults.add(values.given("if_live"), "if_live", format!("cannot be \"{ROLL_BACK}\" {why}"));
        }
    }
    let commit = selector.filter(|it| it.select == Select::Commit).and_then(|it| it.commit.clone());
    Some(IfLive {
        info: info?,
        to: to.flatten(),
        timeout: common.roll_back_timeout,
        is_named: selector.is_none_or(|it| it.select == Select::Commit),
        commit,
    })
}

/// What is odd about inputs that say nothing without another, or leave something out.
fn remark(values: &Values, common: &Common, faults: &mut Faults) {
    for name in ["roll_back_to", "roll_back_timeout"] {
        if values.given(name).is_some() && !common.rolls_back {
            faults.warnings.push(format!("`{name}` means something only with `if_live: {ROLL_BACK}`."));
        }
    }
    let is_left_out = values.given("fail_on").is_some() && common.fail_on.leaves_out_rolled_back();
    if common.rolls_back && is_left_out {
        let text =
            "`fail_on` does not list `rolled_back`: a deployment that went live and was rolled back fails no step.";
        faults.warnings.push(text.to_owned());
    }
}
