-- A brand is named in need only with enough views and a lift that says so.
select *
from marts.brand_marketing_needs
where
    marketing_need in ('needs_exposure', 'needs_persuasion', 'needs_review')
    and (
        view_count < $minimum_views
        or lift is null
        or (marketing_need = 'needs_exposure' and lift < $better_lift)
        or (marketing_need <> 'needs_exposure' and lift > $worse_lift)
    )
