"""Where the checkout, strangers' files and the data beside it lie, and the header of a file."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CASES = ROOT / "ecom_platform_tests/cases"
REAL_SLICE = SHARED / "data/rees46/2019-Oct-first-17434.csv"
HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
