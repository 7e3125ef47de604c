"""The frameworks of the crosswalk and what each says about the tests: plain data, each with edition and date.

Names follow the editions given. What could not be read in the publisher's own text says so in `check`.
"""

from dataclasses import astuple, dataclass

CHECK = "check before relying on it"
"""Stands on the page beside what was not read in the publisher's own text."""


@dataclass(frozen=True)
class Framework:
    name: str
    short: str
    """Heading of its column."""
    edition: str
    date: str
    standing: str
    """What it is to this study."""
    url: str
    check: str
    """What to check before relying on it; empty where nothing is open."""


@dataclass(frozen=True)
class Mapping:
    """What one test maps to; a dash where a framework has no counterpart."""

    atlas: str
    nist: str
    owasp: str
    ai_act: str
    sr26: str
    sr11: str

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of `FRAMEWORKS`."""
        return astuple(self)


FRAMEWORKS = (
    Framework(
        "MITRE ATLAS", "MITRE ATLAS", "2026.09", "15 September 2026",
        "A public catalogue of attacks on AI systems and of measures against them.",
        "https://atlas.mitre.org/",
        "It appears monthly, and this was the newest found. Identifiers and names are from copies made by others. "
        "The names of some measures changed in the summer; none of its cases is about scoring transactions in "
        "tables.",
    ),
    Framework(
        "NIST AI 100-2", "NIST AI 100-2", "E2025", "24 March 2025",
        "A voluntary taxonomy of attacks on machine learning and of their mitigations.",
        "https://doi.org/10.6028/NIST.AI.100-2e2025",
        "Identifiers are from copies made by others.",
    ),
    Framework(
        "OWASP Machine Learning Security Top 10", "OWASP ML Top 10", "2023, draft", "repository as of 1 December 2025",
        "A voluntary list of risks.",
        "https://owasp.org/www-project-machine-learning-security-top-10/",
        "It is still a draft, and its entries may change.",
    ),
    Framework(
        "EU AI Act, Article 15", "EU AI Act, Art. 15 (voluntary)",
        "Regulation (EU) 2024/1689, amended by (EU) 2026/1744",
        "13 June 2024; amendment in force 27 July 2026",
        "A voluntary benchmark. It does not bind a fraud detector: Annex III, point 5(b), excepts “AI systems used "
        "for the purpose of detecting financial fraud”, and recital 58 agrees. The duties for the systems of Annex "
        "III apply from 2 December 2027.",
        "https://eur-lex.europa.eu/eli/reg/2024/1689/oj",
        "The dates of the amendment are from several secondary sources, not from the Official Journal. Whether the "
        "exception covers a given system is a question for a lawyer.",
    ),
    Framework(
        "SR 26-2 (US model risk guidance)", "SR 26-2", "SR 26-2, with OCC Bulletin 2026-13 and FDIC FIL-15-2026",
        "17 April 2026",
        "Supervisory guidance that sets no enforceable standards, and is meant mostly for banks above 30 billion USD "
        "of assets. It leaves out generative and agentic AI; a network that scores payments is in its scope.",
        "https://www.federalreserve.gov/supervisionreg/srletters/SR2602.htm",
        "Its headings are from several outlines made by others, not from the letter.",
    ),
    Framework(
        "SR 11-7 (US model risk guidance)", "SR 11-7 (rescinded)", "SR 11-7, with OCC Bulletin 2011-12", "4 April 2011",
        "Rescinded on 17 April 2026 by SR 26-2. Many banks' own rules still use its headings, so they have a column.",
        "https://www.federalreserve.gov/supervisionreg/srletters/sr1107.htm",
        "Section numbers are from an outline made by others.",
    ),
)  # fmt: skip

NONE = "–"
ML01 = "ML01:2023 Input Manipulation Attack"

MAPPINGS = {
    "V1": Mapping(NONE, NONE, NONE, "15(1), 15(3) declared metrics", "V.1.b Outcomes Analysis", "V.1.c"),
    "V2": Mapping(
        "AML.T0044 Full AI Model Access; AML.T0043.000 White-Box Optimization; AML.T0015 Evade AI Model",
        "NISTAML.022 Evasion; white-box knowledge, integrity violation", ML01,
        "15(5) adversarial examples, model evasion", "IV.1 testing", "IV.1; V.1.a sensitivity",
    ),
    "V3": Mapping(
        "AML.T0040 AI Model Inference API Access; AML.T0043.001 Black-Box Optimization; AML.T0042 Verify Attack",
        "NISTAML.025 Black-box Evasion; query access", ML01, "15(5)", "IV.1 testing", "IV.1",
    ),
    "V4": Mapping(
        "AML.T0005.001 Train Proxy via Replication; AML.T0043.002 Black-Box Transfer",
        "NISTAML.025 Black-box Evasion; transferability", f"{ML01}; ML05:2023 Model Theft", "15(5)",
        "IV.1 testing", "IV.1",
    ),
    "V5": Mapping(
        "AML.T0047 AI-Enabled Product or Service; AML.T0043.003 Manual Modification; AML.T0015 Evade AI Model",
        "NISTAML.022 Evasion", ML01, "15(5)", "V.1.a Conceptual Soundness", "V.1.a",
    ),
    "V6": Mapping(
        "AML.M0003 Predictive AI Model Hardening", "mitigations: adversarial training, formal verification",
        f"{ML01}: prevention", "15(5) measures to prevent and control", "V.1.a Conceptual Soundness",
        "V.1.a; IV.1 alternatives",
    ),
    "V7": Mapping(NONE, "limits of mitigations", NONE, "15(1)", "III effective challenge", "III"),
    "V8": Mapping(
        "AML.T0046 Spamming AI System with Chaff Data", "NISTAML.01 availability violation", ML01, "15(4)",
        "IV.2 Model Use", "IV.2",
    ),
    "V9": Mapping(
        "AML.T0020 Training Data Poisoning", "NISTAML.013 Data Poisoning",
        "ML02:2023 Data Poisoning Attack; ML08:2023 Model Skewing", "15(5) data poisoning",
        "IV.1 data quality", "IV.1",
    ),
    "V10": Mapping(
        "AML.T0024.002 Extract AI Model; AML.T0063 Discover AI Model Outputs", "NISTAML.031 Model Extraction",
        "ML05:2023 Model Theft", "15(5) confidentiality", "VI Governance and Controls", "VI",
    ),
    "V11": Mapping(
        "AML.T0031 Erode AI Model Integrity, where it is malicious", NONE, "ML08:2023 Model Skewing",
        "15(4) errors, faults", "V.2 Ongoing Model Monitoring", "V.1.b",
    ),
    "V12": Mapping(
        "AML.T0048.000 Financial Harm", "attacker's objective", NONE, "15(3)", "V.1.b Outcomes Analysis; IV.2",
        "V.1.b; IV.2",
    ),
    "V13": Mapping(
        "AML.M0025 Maintain AI Dataset Provenance; AML.M0023 AI Bill of Materials",
        "NISTAML.05 supply chain", "ML06:2023 AI Supply Chain Attacks", "15(5)",
        "VII Vendor and Other Third-Party Products; VI.3 Documentation", "VI.7",
    ),
    "V14": Mapping(
        "AML.M0014 Verify AI Artifacts", NONE, NONE, "15(1) lifecycle", "VI.2 Model Inventory; VI.3 Documentation",
        "VI",
    ),
    "V15": Mapping(
        "AML.T0024.000 Infer Training Data Membership", "NISTAML.033 Membership Inference",
        "ML04:2023 Membership Inference Attack", "15(5) confidentiality", "VI Governance and Controls", "VI",
    ),
}  # fmt: skip
"""By the id of the test in `crosswalk`."""
