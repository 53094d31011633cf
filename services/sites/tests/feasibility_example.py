"""A questionnaire as tests ask it: one question of each kind, a condition, and a score that is easily reckoned."""

from typing import Any

from sites.domain.feasibility_questions import Definition

DEFINITION: dict[str, Any] = {
    "sections": [
        {
            "title": "The facility",
            "questions": [
                {
                    "code": "pharmacy",
                    "text": "Is there a pharmacy on site?",
                    "kind": "yes_no",
                    "required": True,
                    "about_facility": True,
                    "weight": 2,
                    "awards": [
                        {"option": "yes", "points": 100},
                        {"option": "no", "points": 0, "disqualifies": True},
                    ],
                },
                {
                    "code": "storage",
                    "text": "What can it store?",
                    "kind": "multi",
                    "about_facility": True,
                    "options": [{"code": "fridge", "text": "2–8 °C"}, {"code": "freezer", "text": "-80 °C"}],  # noqa: RUF001
                    "shown_if": {"question": "pharmacy", "is_one_of": ["yes"]},
                    "weight": 1,
                    "awards": [{"option": "fridge", "points": 60}, {"option": "freezer", "points": 60}],
                },
                {
                    "code": "staff",
                    "text": "Who works there?",
                    "help": "In a few words",
                    "kind": "text",
                    "about_facility": True,
                },
            ],
        },
        {
            "title": "This study",
            "questions": [
                {
                    "code": "patients",
                    "text": "How many patients a year would qualify?",
                    "kind": "number",
                    "required": True,
                    "unit": "patients",
                    "minimum": 0,
                    "maximum": 500,
                    "weight": 3,
                    "awards": [
                        {"at_least": 0, "points": 0},
                        {"at_least": 10, "points": 50},
                        {"at_least": 25, "points": 100},
                    ],
                },
                {
                    "code": "rivals",
                    "text": "Are there competing studies?",
                    "kind": "choice",
                    "options": [{"code": "none", "text": "None"}, {"code": "some", "text": "Some"}],
                },
                {"code": "start", "text": "When could you begin?", "kind": "date"},
            ],
        },
    ]
}
ASKED = Definition.model_validate(DEFINITION)
WHOLE: dict[str, Any] = {"pharmacy": "yes", "storage": ["fridge"], "patients": "12", "staff": "Two nurses"}
RESPONDENT = {"respondent_name": "Maria Keller", "respondent_role": "Study coordinator"}
