Write-Host "it's a user's"
Set-TimeZone -Id 'UTC'
