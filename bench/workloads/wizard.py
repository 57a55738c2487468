"""A long form in steps, half filled in: a session of text, in the scripts that people write in.

What a serializer does with text decides here: whether it copies UTF-8 or escapes it, and what a character beyond ASCII
costs. Only strings, numbers, booleans, lists and dicts with string keys, so every serializer can take it. The seed is
16180, the first digits of the golden ratio: taken from nature, so chosen for no serializer.
"""

from random import Random

from ..workload import Workload

SEED = 16180

STEPS = 6

_VOCABULARIES = {
    "de": "Über Straße Größe Lieferung morgen früh bitte Tür Schlüssel Nachbar Gebäude läuten danke möglich",
    "el": "παράδοση αύριο πρωί σπίτι κλειδί δρόμος γείτονας πόρτα ευχαριστώ μεγάλο μικρό όροφος αυλή",
    "ru": "доставка завтра утром подъезд этаж ключ сосед дверь спасибо большой маленький улица квартира",
    "he": "משלוח מחר בבוקר דלת מפתח שכן רחוב קומה תודה גדול קטן בית חצר",
    "ar": "توصيل غدا صباحا باب مفتاح جار شارع طابق شكرا كبير صغير بيت حديقة",
    "hi": "कल सुबह दरवाज़ा चाबी पड़ोसी सड़क मंज़िल धन्यवाद बड़ा छोटा घर आँगन",
    "th": "พรุ่งนี้ เช้า ประตู กุญแจ เพื่อนบ้าน ถนน ชั้น ขอบคุณ ใหญ่ เล็ก บ้าน สวน",
    "ja": "明日 の朝 に ドアの前 へ お願いします 鍵は 隣の人 が 三階 です ありがとう 大きい 小さい 庭",
    "ko": "내일 아침 문앞 열쇠 이웃 거리 층 감사합니다 큰 작은 집 마당 배송",
    "zh": "明天早上 请放在 门口 钥匙 邻居 街道 三楼 谢谢 大的 小的 院子 送货",
    "fr": "livraison demain matin près fenêtre clé voisin étage déjà très côté merci café hôtel",
    "en": "please leave it behind the blue door, ring twice 🔔 and thanks 🙏 for the flowers 🌷",
}
_FIELDS = ("name", "street", "city", "remark", "wishes", "allergies", "occasion", "greeting")


def build_wizard(seed: int) -> dict[str, object]:
    """Return the session of somebody who has filled in most of a form.

    Parameters
    ----------
    seed
        Where the random texts start.

    >>> wizard = build_wizard(SEED)["wizard"]
    >>> len(wizard["steps"]), sorted(wizard["steps"][0])
    (6, ['complete', 'errors', 'fields', 'language', 'title'])
    """
    random = Random(seed)  # noqa: S311 - reproducible data, no secrets
    languages = random.sample(sorted(_VOCABULARIES), len(_VOCABULARIES))
    return {
        "csrf_token": random.randbytes(20).hex(),
        "_auth_user_id": str(random.randrange(10_000, 1_000_000)),
        "wizard": {
            "form": "flower-delivery",
            "current": STEPS - 1,
            "started": 1_772_000_000 + random.randrange(1_000_000),
            "steps": [_step(random, number, languages[2 * number : 2 * number + 2]) for number in range(STEPS)],
        },
    }


def _step(random: Random, number: int, languages: list[str]) -> dict[str, object]:
    first, second = languages
    fields: dict[str, object] = {
        field: _text(random, languages[position % 2]) for position, field in enumerate(random.sample(_FIELDS, 5))
    }
    fields |= {"copies": random.randrange(1, 9), "gift": random.random() < 0.5}
    finished = number < STEPS - 1
    return {
        "title": _text(random, first),
        "language": first,
        "fields": fields,
        "complete": finished,
        "errors": [] if finished else [["remark", _text(random, second)], ["city", None]],
    }


def _text(random: Random, language: str) -> str:
    """Return two to twenty words."""
    joint = "" if language in ("ja", "th", "zh") else " "
    return joint.join(random.choices(_VOCABULARIES[language].split(), k=random.randrange(2, 21)))


WIZARD = Workload(
    name="wizard",
    description=f"a form of {STEPS} steps with text in {len(_VOCABULARIES)} languages, plain data",
    seed=SEED,
    build=lambda: build_wizard(SEED),
)
