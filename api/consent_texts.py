"""Hold the words of the consent page, in Korean and English."""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "ko": {
        "language": "English",
        "title": "자격증명 발급 동의",
        "lead": "아래 지갑 앱에 자격증명을 발급합니다. 내용을 확인해 주세요.",
        "issuer": "발급 기관",
        "wallet": "받는 지갑",
        "vouched": "컨소시엄이 신뢰하는 지갑 제공자",
        "unknown": "확인되지 않은 지갑",
        "unvouched": "컨소시엄이 보증하지 않는 지갑입니다. 직접 설치해 실행한 앱이 맞는지 확인하세요.",
        "leads": "동의하면 이동하는 곳",
        "claims": "담기는 정보",
        "all_claims": "이 자격증명의 모든 항목",
        "reception": "접수번호",
        "reception_hint": "은행에서 안내받은 8자리 접수번호",
        "tx_code": "인증번호",
        "tx_code_hint": "은행이 문자 등 다른 방법으로 보내 드린 번호",
        "never_tell": "은행 직원은 이 번호를 묻지 않습니다. 누구에게도 알려 주지 마세요.",
        "mistaken": "번호가 맞지 않습니다. 다시 확인해 주세요.",
        "left": "남은 시도 횟수",
        "approve": "동의하고 발급받기",
        "deny": "취소",
        "ends": "이 페이지는 한 번만 사용할 수 있으며 잠시 후 만료됩니다.",
        "gone_title": "이 요청은 더 이상 사용할 수 없습니다",
        "gone": "만료되었거나 이미 사용되었거나 다른 브라우저에서 열린 요청입니다. 지갑 앱에서 다시 시작해 주세요.",
        "busy_title": "지금은 처리할 수 없습니다",
        "busy": "잠시 후 이 페이지를 새로 고침해 주세요. 입력하신 내용은 잃어버리지 않았습니다.",
    },
    "en": {
        "language": "한국어",
        "title": "Receive a credential",
        "lead": "A credential will be issued to the wallet below. Please check what it says.",
        "issuer": "Issued by",
        "wallet": "Received by",
        "vouched": "A wallet provider the consortium trusts",
        "unknown": "Unknown wallet",
        "unvouched": "Nobody vouches for this wallet. Make sure it is the app you installed and opened yourself.",
        "leads": "Your approval leads to",
        "claims": "What it holds",
        "all_claims": "Every item of this credential",
        "reception": "Reception number",
        "reception_hint": "The eight characters your bank gave you",
        "tx_code": "Transaction code",
        "tx_code_hint": "The digits your bank sent you by other means, such as a text message",
        "never_tell": "Bank staff will never ask for this code. Tell it to nobody.",
        "mistaken": "This is not the right code. Please check and try again.",
        "left": "Attempts left",
        "approve": "Approve and receive",
        "deny": "Cancel",
        "ends": "This page works once and ends soon.",
        "gone_title": "This request cannot be used any more",
        "gone": "It has expired, was used, or is open in another browser. Go back to your wallet and begin again.",
        "busy_title": "This cannot be done right now",
        "busy": "Reload this page in a moment. Nothing was lost.",
    },
}
"""The words by language; both languages have the same names, which a test compares."""

DEFAULT = "ko"


def chosen_language(asked: str | None, accepted: str | None) -> str:
    """Choose a language: what the page was asked for, else the best of the Accept-Language the browser sends."""
    return next((language for language in (asked, accepted) if language in TEXTS and language), DEFAULT)
